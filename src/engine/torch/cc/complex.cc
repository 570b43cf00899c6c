// Complex numbers and Fourier transforms of the last axis.

#include "ops.h"

namespace mocolab {

at::Tensor Complex(const Args& args) { return at::complex(args.tensor(0), args.tensor(1)); }
at::Tensor ComplexAbs(const Args& args) { return at::abs(args.tensor(0)); }
at::Tensor Real(const Args& args) { return at::real(args.tensor(0)).contiguous(); }
at::Tensor Imag(const Args& args) { return at::imag(args.tensor(0)).contiguous(); }
at::Tensor FFT(const Args& args) { return at::fft_fft(args.tensor(0)); }
at::Tensor IFFT(const Args& args) { return at::fft_ifft(args.tensor(0)); }

}  // namespace mocolab
