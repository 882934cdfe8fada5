/* The gradients of all adapters by libtorch's autograd. */
#include "bench/attention/torch/lora_gradient.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/api/include/torch/types.h>
#include <torch/csrc/api/include/torch/utils.h>

#include <algorithm>
#include <cstdint>
#include <exception>

namespace
{

at::Tensor view(const double *x, size_t rows, size_t columns)
{
    return at::from_blob(const_cast<double *>(x), {static_cast<int64_t>(rows), static_cast<int64_t>(columns)},
                         at::kDouble);
}

void copy(const at::Tensor &from, double *to)
{
    const at::Tensor dense = from.contiguous();
    std::copy_n(dense.data_ptr<double>(), dense.numel(), to);
}

void differentiate(const lora_gradient_problem &p, lora_gradient_result &result)
{
    const size_t d = p.width, r = p.rank;
    at::Tensor a[LORA_GRADIENT_PARTS], b[LORA_GRADIENT_PARTS], projected[LORA_GRADIENT_PARTS];
    for (int m = 0; m < LORA_GRADIENT_PARTS; m++) {
        a[m] = view(p.a[m], r, d).detach().requires_grad_(true);
        b[m] = view(p.b[m], d, r).detach().requires_grad_(true);
        const at::Tensor weight = view(p.weight[m], d, d) + p.alpha / static_cast<double>(r) * at::mm(b[m], a[m]);
        projected[m] = at::mm(view(p.tokens[m], p.length, d), weight);
    }
    const at::Tensor scores = p.beta * at::mm(projected[LORA_GRADIENT_QUERY], projected[LORA_GRADIENT_KEY].t());
    const at::Tensor output = at::mm(at::softmax(scores, 1), projected[LORA_GRADIENT_VALUE]);
    at::Tensor loss = 0.5 * (output - view(p.target, p.length, d)).square().sum();
    loss.backward();
    result.loss = loss.item<double>();
    for (int m = 0; m < LORA_GRADIENT_PARTS; m++) {
        copy(a[m].grad(), result.a[m]);
        copy(b[m].grad(), result.b[m]);
    }
    if (result.output)
        copy(output.detach(), result.output);
}

} // namespace

__attribute__((visibility("default"))) int lora_gradient_torch(const lora_gradient_problem *problem, int threads,
                                                               lora_gradient_result *result)
{
    try {
        if (at::get_num_threads() != threads)
            at::set_num_threads(threads);
        differentiate(*problem, *result);
        return 0;
    } catch (const std::exception &) {
        return 1;
    }
}
