#ifndef TIDECAST_OPS_CELLS_H_
#define TIDECAST_OPS_CELLS_H_

#include "matrix.h"

// The recurrent cells over a whole sequence, and back through it. Arrays are row-major; sequences [steps, batch, width];
// weights [inputs + hidden, gates · hidden] act on the row [x, h]. Results of a gradient need not be zero before.

namespace tidecast {

struct Sizes {
  Index steps;
  Index batch;
  Index inputs;
  Index hidden;

  Index Rows() const { return steps * batch; }
  Index State() const { return batch * hidden; }
};

// h_t = act(W_xh x_t + W_hh h_{t−1} + b), act = tanh or ReLU.
void Rnn(const Sizes& s, bool relu, const float* x, const float* h0, const float* kernel, const float* bias, float* h);
void RnnGradient(const Sizes& s, bool relu, const float* x, const float* h0, const float* kernel, const float* h,
                 const float* dh, float* dx, float* dh0, float* dKernel, float* dBias);

// Gates in the order i, f, C̃, o, kept after their σ and tanh: [steps, batch, 4 · hidden]. No peepholes.
void Lstm(const Sizes& s, const float* x, const float* h0, const float* c0, const float* kernel, const float* bias,
          float* h, float* c, float* gates);
void LstmGradient(const Sizes& s, const float* x, const float* h0, const float* c0, const float* kernel,
                  const float* h, const float* c, const float* gates, const float* dh, const float* dc, float* dx,
                  float* dh0, float* dc0, float* dKernel, float* dBias);

// Gates r, z: [steps, batch, 2 · hidden]; candidates h̃, on [x, r ⊙ h]. h_t = (1 − z) ⊙ h_{t−1} + z ⊙ h̃.
struct GruWeights {
  const float* gates;
  const float* gatesBias;
  const float* candidate;
  const float* candidateBias;
};
struct GruGradients {
  float* gates;
  float* gatesBias;
  float* candidate;
  float* candidateBias;
};
void Gru(const Sizes& s, const float* x, const float* h0, const GruWeights& w, float* h, float* gates,
         float* candidates);
void GruGradient(const Sizes& s, const float* x, const float* h0, const GruWeights& w, const float* h,
                 const float* gates, const float* candidates, const float* dh, float* dx, float* dh0,
                 const GruGradients& d);

}  // namespace tidecast

#endif  // TIDECAST_OPS_CELLS_H_
