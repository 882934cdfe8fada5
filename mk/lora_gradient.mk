# The peers of lora_gradient. SLEEF's is our kernel with another exponential function: compiled as ours is.
$(patsubst %,$(BUILD)/%.o,$(wildcard bench/attention/lora_gradient_sleef*.c)): FLAGS_EXTRA = $(OPTIMIZED_FLAGS)

# libtorch's is a library beside the command, if libtorch (mk/packages-peers.txt) is found.
TORCH_PEER := $(if $(wildcard $(SYSROOT)/usr/include/torch/csrc/autograd/autograd.h),$(BUILD)/assay-torch.so)

ifneq ($(TORCH_PEER),)
all: $(TORCH_PEER)

$(TORCH_PEER): bench/attention/torch/lora_gradient.cc bench/attention/torch/lora_gradient.h include/assay/lora_gradient.h
	@mkdir -p $(@D)
	$(QUIET_LD)$(CXX) -std=c++17 -O2 -w -fPIC -fvisibility=hidden -Iinclude -I. -shared -o $@ $< -ltorch -ltorch_cpu -lc10
endif
