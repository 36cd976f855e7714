// What does not wait for the step before is one product over all steps: the share of the inputs, and the gradients of
// inputs and weights. Within a step remain the product with the state, and what stands in the equations.

#include "cells.h"

#include <cstring>
#include <memory>

#include "activations.h"

namespace tidecast {

namespace {

std::unique_ptr<float[]> Floats(Index count) { return std::unique_ptr<float[]>(new float[count]); }

// W_x x_t + b of all steps: a [rows, width].
void FromInputs(const Sizes& s, Index width, const float* x, const float* kernel, const float* bias, float* a) {
  for (Index row = 0; row < s.Rows(); ++row) std::memcpy(a + row * width, bias, width * sizeof(float));
  const Factor input(s.inputs, width, RowMajor(kernel, width), s.Rows());
  input.AddTo(s.Rows(), RowMajor(x, s.inputs), a);
}

// The rows of a kernel that act on h.
Matrix Recurrent(const Sizes& s, Index width, const float* kernel) {
  return RowMajor(kernel + s.inputs * width, width);
}

// The state before step t.
const float* Before(const Sizes& s, Index t, const float* first, const float* all) {
  return t == 0 ? first : all + (t - 1) * s.State();
}

// From da [rows, width]: dx += da · W_xᵀ, dKernel = [x, h_{t−1}]ᵀ · da, dBias = Σ da.
TIDECAST_CLONED void ToInputs(const Sizes& s, Index width, const float* __restrict x, const float* __restrict h0, const float* __restrict h,
                              const float* __restrict kernel, const float* __restrict da, float* __restrict dx, float* __restrict dKernel, float* __restrict dBias) {
  const Index rows = s.Rows();
  const Factor input(width, s.inputs, RowMajor(kernel, width).Transposed(), rows);
  input.AddTo(rows, RowMajor(da, width), dx);
  std::memset(dKernel, 0, (s.inputs + s.hidden) * width * sizeof(float));
  AddProduct(s.inputs, width, rows, RowMajor(x, s.inputs).Transposed(), RowMajor(da, width), dKernel);
  float* recurrent = dKernel + s.inputs * width;
  AddProduct(s.hidden, width, s.batch, RowMajor(h0, s.hidden).Transposed(), RowMajor(da, width), recurrent);
  AddProduct(s.hidden, width, rows - s.batch, RowMajor(h, s.hidden).Transposed(),
             RowMajor(da + s.batch * width, width), recurrent);
  std::memset(dBias, 0, width * sizeof(float));
  for (Index row = 0; row < rows; ++row)
    for (Index j = 0; j < width; ++j) dBias[j] += da[row * width + j];
}

TIDECAST_CLONED void Activate(Index count, bool relu, float* __restrict a) {
  if (relu)
    for (Index i = 0; i < count; ++i) a[i] = a[i] < 0.0f ? 0.0f : a[i];
  else
    for (Index i = 0; i < count; ++i) a[i] = Tanh(a[i]);
}

// da = dh ⊙ act′, which can be told from h = act(a) alone.
TIDECAST_CLONED void Deactivate(Index count, bool relu, const float* __restrict h, const float* __restrict dh, float* __restrict da) {
  if (relu)
    for (Index i = 0; i < count; ++i) da[i] = h[i] > 0.0f ? dh[i] : 0.0f;
  else
    for (Index i = 0; i < count; ++i) da[i] = dh[i] * (1.0f - h[i] * h[i]);
}

TIDECAST_CLONED void LstmStep(const Sizes& s, const float* __restrict before, float* __restrict gates, float* __restrict c, float* __restrict h) {
  const Index n = s.hidden;
  for (Index b = 0; b < s.batch; ++b, gates += 4 * n, before += n, c += n, h += n) {
    for (Index j = 0; j < 2 * n; ++j) gates[j] = Sigmoid(gates[j]);
    for (Index j = 2 * n; j < 3 * n; ++j) gates[j] = Tanh(gates[j]);
    for (Index j = 3 * n; j < 4 * n; ++j) gates[j] = Sigmoid(gates[j]);
    for (Index j = 0; j < n; ++j) {
      c[j] = gates[n + j] * before[j] + gates[j] * gates[2 * n + j];
      h[j] = gates[3 * n + j] * Tanh(c[j]);
    }
  }
}

// dc: of later steps, then of earlier ones.
TIDECAST_CLONED void LstmBack(const Sizes& s, const float* __restrict before, const float* __restrict gates, const float* __restrict c,
                              const float* __restrict dh, float* __restrict dc, float* __restrict da) {
  const Index n = s.hidden;
  for (Index b = 0; b < s.batch; ++b, before += n, gates += 4 * n, c += n, dh += n, dc += n, da += 4 * n) {
    for (Index j = 0; j < n; ++j) {
      const float i = gates[j], f = gates[n + j], candidate = gates[2 * n + j], o = gates[3 * n + j];
      const float squashed = Tanh(c[j]);
      const float d = dc[j] + dh[j] * o * (1.0f - squashed * squashed);
      da[j] = d * candidate * i * (1.0f - i);
      da[n + j] = d * before[j] * f * (1.0f - f);
      da[2 * n + j] = d * i * (1.0f - candidate * candidate);
      da[3 * n + j] = dh[j] * squashed * o * (1.0f - o);
      dc[j] = d * f;
    }
  }
}

// r and z by σ, and r ⊙ h.
TIDECAST_CLONED void GruGates(const Sizes& s, const float* __restrict before, float* __restrict gates, float* __restrict reset) {
  const Index n = s.hidden;
  for (Index b = 0; b < s.batch; ++b, gates += 2 * n, before += n, reset += n) {
    for (Index j = 0; j < 2 * n; ++j) gates[j] = Sigmoid(gates[j]);
    for (Index j = 0; j < n; ++j) reset[j] = gates[j] * before[j];
  }
}

TIDECAST_CLONED void GruStep(const Sizes& s, const float* __restrict before, const float* __restrict gates, float* __restrict candidates, float* __restrict h) {
  const Index n = s.hidden;
  for (Index b = 0; b < s.batch; ++b, gates += 2 * n, before += n, candidates += n, h += n) {
    for (Index j = 0; j < n; ++j) {
      candidates[j] = Tanh(candidates[j]);
      h[j] = before[j] + gates[n + j] * (candidates[j] - before[j]);
    }
  }
}

// Of z and h̃; `earlier` becomes what of dh goes past the candidate.
TIDECAST_CLONED void GruBack(const Sizes& s, const float* __restrict before, const float* __restrict gates, const float* __restrict candidates,
                             const float* __restrict dh, float* __restrict dGates, float* __restrict dCandidates, float* __restrict earlier) {
  const Index n = s.hidden;
  for (Index b = 0; b < s.batch; ++b, before += n, gates += 2 * n, candidates += n, dh += n) {
    for (Index j = 0; j < n; ++j) {
      const float z = gates[n + j];
      dGates[n + j] = dh[j] * (candidates[j] - before[j]) * z * (1.0f - z);
      dCandidates[j] = dh[j] * z * (1.0f - candidates[j] * candidates[j]);
      earlier[j] = dh[j] * (1.0f - z);
    }
    dGates += 2 * n, dCandidates += n, earlier += n;
  }
}

// Of r, from the gradient of r ⊙ h; `reset` becomes r ⊙ h.
TIDECAST_CLONED void GruResetBack(const Sizes& s, const float* __restrict before, const float* __restrict gates, const float* __restrict dReset,
                                  float* __restrict dGates, float* __restrict earlier, float* __restrict reset) {
  const Index n = s.hidden;
  for (Index b = 0; b < s.batch; ++b, before += n, gates += 2 * n, dReset += n) {
    for (Index j = 0; j < n; ++j) {
      const float r = gates[j];
      dGates[j] = dReset[j] * before[j] * r * (1.0f - r);
      earlier[j] += dReset[j] * r;
      reset[j] = r * before[j];
    }
    dGates += 2 * n, earlier += n, reset += n;
  }
}

}  // namespace

void Rnn(const Sizes& s, bool relu, const float* x, const float* h0, const float* kernel, const float* bias,
         float* h) {
  FromInputs(s, s.hidden, x, kernel, bias, h);
  const Factor recurrent(s.hidden, s.hidden, Recurrent(s, s.hidden, kernel), s.Rows());
  for (Index t = 0; t < s.steps; ++t) {
    float* at = h + t * s.State();
    recurrent.AddTo(s.batch, RowMajor(Before(s, t, h0, h), s.hidden), at);
    Activate(s.State(), relu, at);
  }
}

void RnnGradient(const Sizes& s, bool relu, const float* x, const float* h0, const float* kernel, const float* h,
                 const float* dh, float* dx, float* dh0, float* dKernel, float* dBias) {
  const auto da = Floats(s.Rows() * s.hidden);
  const auto sum = Floats(s.State());
  const Factor back(s.hidden, s.hidden, Recurrent(s, s.hidden, kernel).Transposed(), s.Rows());
  const Index bytes = s.State() * sizeof(float);
  std::memset(dh0, 0, bytes);
  std::memcpy(sum.get(), dh + (s.steps - 1) * s.State(), bytes);
  for (Index t = s.steps - 1; t >= 0; --t) {
    float* at = da.get() + t * s.State();
    Deactivate(s.State(), relu, h + t * s.State(), sum.get(), at);
    if (t > 0) std::memcpy(sum.get(), dh + (t - 1) * s.State(), bytes);
    back.AddTo(s.batch, RowMajor(at, s.hidden), t == 0 ? dh0 : sum.get());
  }
  std::memset(dx, 0, s.Rows() * s.inputs * sizeof(float));
  ToInputs(s, s.hidden, x, h0, h, kernel, da.get(), dx, dKernel, dBias);
}

void Lstm(const Sizes& s, const float* x, const float* h0, const float* c0, const float* kernel, const float* bias,
          float* h, float* c, float* gates) {
  const Index width = 4 * s.hidden;
  FromInputs(s, width, x, kernel, bias, gates);
  const Factor recurrent(s.hidden, width, Recurrent(s, width, kernel), s.Rows());
  for (Index t = 0; t < s.steps; ++t) {
    float* at = gates + t * s.batch * width;
    recurrent.AddTo(s.batch, RowMajor(Before(s, t, h0, h), s.hidden), at);
    LstmStep(s, Before(s, t, c0, c), at, c + t * s.State(), h + t * s.State());
  }
}

void LstmGradient(const Sizes& s, const float* x, const float* h0, const float* c0, const float* kernel,
                  const float* h, const float* c, const float* gates, const float* dh, const float* dc, float* dx,
                  float* dh0, float* dc0, float* dKernel, float* dBias) {
  const Index width = 4 * s.hidden;
  const auto da = Floats(s.Rows() * width);
  const auto sum = Floats(s.State());
  const Factor back(width, s.hidden, Recurrent(s, width, kernel).Transposed(), s.Rows());
  const Index bytes = s.State() * sizeof(float);
  std::memset(dh0, 0, bytes);
  std::memset(dc0, 0, bytes);
  std::memcpy(sum.get(), dh + (s.steps - 1) * s.State(), bytes);
  for (Index t = s.steps - 1; t >= 0; --t) {
    float* at = da.get() + t * s.batch * width;
    for (Index i = 0; i < s.State(); ++i) dc0[i] += dc[t * s.State() + i];
    LstmBack(s, Before(s, t, c0, c), gates + t * s.batch * width, c + t * s.State(), sum.get(), dc0, at);
    if (t > 0) std::memcpy(sum.get(), dh + (t - 1) * s.State(), bytes);
    back.AddTo(s.batch, RowMajor(at, width), t == 0 ? dh0 : sum.get());
  }
  std::memset(dx, 0, s.Rows() * s.inputs * sizeof(float));
  ToInputs(s, width, x, h0, h, kernel, da.get(), dx, dKernel, dBias);
}

void Gru(const Sizes& s, const float* x, const float* h0, const GruWeights& w, float* h, float* gates,
         float* candidates) {
  const Index n = s.hidden;
  FromInputs(s, 2 * n, x, w.gates, w.gatesBias, gates);
  FromInputs(s, n, x, w.candidate, w.candidateBias, candidates);
  const auto reset = Floats(s.State());
  const Factor toGates(n, 2 * n, Recurrent(s, 2 * n, w.gates), s.Rows());
  const Factor toCandidate(n, n, Recurrent(s, n, w.candidate), s.Rows());
  for (Index t = 0; t < s.steps; ++t) {
    const float* before = Before(s, t, h0, h);
    float* gatesAt = gates + t * 2 * s.State();
    float* candidatesAt = candidates + t * s.State();
    toGates.AddTo(s.batch, RowMajor(before, n), gatesAt);
    GruGates(s, before, gatesAt, reset.get());
    toCandidate.AddTo(s.batch, RowMajor(reset.get(), n), candidatesAt);
    GruStep(s, before, gatesAt, candidatesAt, h + t * s.State());
  }
}

void GruGradient(const Sizes& s, const float* x, const float* h0, const GruWeights& w, const float* h,
                 const float* gates, const float* candidates, const float* dh, float* dx, float* dh0,
                 const GruGradients& d) {
  const Index n = s.hidden;
  const auto dGates = Floats(s.Rows() * 2 * n);
  const auto dCandidates = Floats(s.Rows() * n);
  const auto reset = Floats(s.Rows() * n);
  const auto sum = Floats(s.State());
  const auto dReset = Floats(s.State());
  const Factor gatesBack(2 * n, n, Recurrent(s, 2 * n, w.gates).Transposed(), s.Rows());
  const Factor candidateBack(n, n, Recurrent(s, n, w.candidate).Transposed(), s.Rows());
  const Index bytes = s.State() * sizeof(float);
  std::memcpy(sum.get(), dh + (s.steps - 1) * s.State(), bytes);
  for (Index t = s.steps - 1; t >= 0; --t) {
    const float* before = Before(s, t, h0, h);
    const float* gatesAt = gates + t * 2 * s.State();
    float* dGatesAt = dGates.get() + t * 2 * s.State();
    float* dCandidatesAt = dCandidates.get() + t * s.State();
    GruBack(s, before, gatesAt, candidates + t * s.State(), sum.get(), dGatesAt, dCandidatesAt, dh0);
    std::memset(dReset.get(), 0, bytes);
    candidateBack.AddTo(s.batch, RowMajor(dCandidatesAt, n), dReset.get());
    GruResetBack(s, before, gatesAt, dReset.get(), dGatesAt, dh0, reset.get() + t * s.State());
    gatesBack.AddTo(s.batch, RowMajor(dGatesAt, 2 * n), dh0);
    if (t == 0) break;
    for (Index i = 0; i < s.State(); ++i) sum[i] = dh[(t - 1) * s.State() + i] + dh0[i];
  }
  std::memset(dx, 0, s.Rows() * s.inputs * sizeof(float));
  ToInputs(s, 2 * n, x, h0, h, w.gates, dGates.get(), dx, d.gates, d.gatesBias);
  ToInputs(s, n, x, reset.get(), reset.get() + s.State(), w.candidate, dCandidates.get(), dx, d.candidate,
           d.candidateBias);
}

}  // namespace tidecast
