"""evolved_exp.py: exponentials by libassay from Python, with nothing but ctypes."""
import array
import ctypes
import math
import sys

lib = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else "libassay.so.0")
lib.assay_error.restype = ctypes.c_char_p
lib.evolved_exp_exp_f32.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]


def check(status):
    if status:
        raise ValueError(lib.assay_error().decode())


def exp(values):
    x = array.array("f", values)
    y = array.array("f", bytes(4 * len(x)))
    check(lib.evolved_exp_exp_f32(x.buffer_info()[0], y.buffer_info()[0], len(x)))
    return x, y


x, y = exp(i / 1000 for i in range(-80000, 80001))
worst = max(abs(a / math.exp(b) - 1) for a, b in zip(y, x))
print("exp of %d numbers, largest relative error %.1e" % (len(x), worst))

try:  # a mistake gets its reason
    check(lib.evolved_exp_exp_f32(None, None, 3))
except ValueError as error:
    print("refused:", error)
