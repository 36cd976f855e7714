// The cells of cells.h as operations of TensorFlow, for the processor. Compiled into the binding: they are there as soon as
// it is loaded.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "cells.h"
#include "kernel_api.h"

namespace tidecast {

namespace {

using Shape = std::vector<std::int64_t>;

// One run of an operation: its inputs and outputs, until the first thing that does not fit.
class Run {
 public:
  explicit Run(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {
    for (int i = 0; i < TF_NumInputs(context); ++i) {
      TF_Tensor* tensor = nullptr;
      TF_GetInput(context, i, &tensor, status_);
      if (TF_GetCode(status_) != TF_OK) {
        Fail();
        return;
      }
      inputs_.push_back(tensor);
    }
  }

  ~Run() {
    for (TF_Tensor* tensor : inputs_) TF_DeleteTensor(tensor);
    for (TF_Tensor* tensor : outputs_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }

  bool fine() const { return fine_; }

  // -1 where there is no such dimension.
  Index Dimension(int input, int dimension) const {
    return fine_ && dimension < TF_NumDims(inputs_[input]) ? TF_Dim(inputs_[input], dimension) : -1;
  }

  // The input's numbers, which must have this shape.
  const float* In(int input, const Shape& shape) {
    if (!fine_) return nullptr;
    bool fits = TF_NumDims(inputs_[input]) == static_cast<int>(shape.size());
    for (int d = 0; fits && d < static_cast<int>(shape.size()); ++d) fits = TF_Dim(inputs_[input], d) == shape[d];
    if (!fits) Refuse("input " + std::to_string(input) + " has another shape than the others want");
    return fine_ ? static_cast<const float*>(TF_TensorData(inputs_[input])) : nullptr;
  }

  float* Out(int output, const Shape& shape) {
    if (!fine_) return nullptr;
    std::size_t bytes = sizeof(float);
    for (std::int64_t size : shape) bytes *= size;
    TF_Tensor* tensor = TF_AllocateOutput(context_, output, TF_FLOAT, shape.data(), shape.size(), bytes, status_);
    if (TF_GetCode(status_) != TF_OK) {
      Fail();
      return nullptr;
    }
    outputs_.push_back(tensor);
    return static_cast<float*>(TF_TensorData(tensor));
  }

  // Of x, at input 0, and h0, at input 1; a single step has no dimension for steps.
  Sizes SizesOf(bool sequence) {
    const int batch = sequence ? 1 : 0;
    const Sizes s{sequence ? Dimension(0, 0) : 1, Dimension(0, batch), Dimension(0, batch + 1), Dimension(1, 1)};
    if (fine_ && (s.steps < 1 || s.batch < 0 || s.inputs < 1 || s.hidden < 1))
      Refuse("x must be [steps, batch, inputs], of a single step [batch, inputs], and h [batch, hidden]");
    return s;
  }

 private:
  void Refuse(const std::string& message) {
    TF_SetStatus(status_, TF_INVALID_ARGUMENT, message.c_str());
    Fail();
  }

  void Fail() {
    fine_ = false;
    TF_OpKernelContext_Failure(context_, status_);
  }

  TF_OpKernelContext* const context_;
  TF_Status* const status_;
  std::vector<TF_Tensor*> inputs_;
  std::vector<TF_Tensor*> outputs_;
  bool fine_ = true;
};

Shape StepsOf(const Sizes& s, Index width) { return {s.steps, s.batch, width}; }
Shape StateOf(const Sizes& s) { return {s.batch, s.hidden}; }
Shape KernelOf(const Sizes& s, Index gates) { return {s.inputs + s.hidden, gates * s.hidden}; }
Shape BiasOf(const Sizes& s, Index gates) { return {gates * s.hidden}; }
Shape InputOf(const Sizes& s, bool sequence) {
  return sequence ? StepsOf(s, s.inputs) : Shape{s.batch, s.inputs};
}
Shape HiddenOf(const Sizes& s, bool sequence) { return sequence ? StepsOf(s, s.hidden) : StateOf(s); }

template <bool kSequence, bool kRelu>
void ComputeRnn(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Sizes s = run.SizesOf(kSequence);
  const float* x = run.In(0, InputOf(s, kSequence));
  const float* h0 = run.In(1, StateOf(s));
  const float* kernel = run.In(2, KernelOf(s, 1));
  const float* bias = run.In(3, BiasOf(s, 1));
  float* h = run.Out(0, HiddenOf(s, kSequence));
  if (run.fine()) Rnn(s, kRelu, x, h0, kernel, bias, h);
}

template <bool kRelu>
void ComputeRnnGradient(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Sizes s = run.SizesOf(true);
  const float* x = run.In(0, StepsOf(s, s.inputs));
  const float* h0 = run.In(1, StateOf(s));
  const float* kernel = run.In(2, KernelOf(s, 1));
  const float* h = run.In(3, StepsOf(s, s.hidden));
  const float* dh = run.In(4, StepsOf(s, s.hidden));
  float* dx = run.Out(0, StepsOf(s, s.inputs));
  float* dh0 = run.Out(1, StateOf(s));
  float* dKernel = run.Out(2, KernelOf(s, 1));
  float* dBias = run.Out(3, BiasOf(s, 1));
  if (run.fine()) RnnGradient(s, kRelu, x, h0, kernel, h, dh, dx, dh0, dKernel, dBias);
}

// h of all steps, and after them C of all steps, in one result: a function with a gradient has but one.
void ComputeLstm(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Sizes s = run.SizesOf(true);
  const float* x = run.In(0, StepsOf(s, s.inputs));
  const float* h0 = run.In(1, StateOf(s));
  const float* c0 = run.In(2, StateOf(s));
  const float* kernel = run.In(3, KernelOf(s, 4));
  const float* bias = run.In(4, BiasOf(s, 4));
  float* states = run.Out(0, {2 * s.steps, s.batch, s.hidden});
  float* gates = run.Out(1, StepsOf(s, 4 * s.hidden));
  if (run.fine()) Lstm(s, x, h0, c0, kernel, bias, states, states + s.Rows() * s.hidden, gates);
}

void ComputeLstmStep(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Sizes s = run.SizesOf(false);
  const float* x = run.In(0, {s.batch, s.inputs});
  const float* h0 = run.In(1, StateOf(s));
  const float* c0 = run.In(2, StateOf(s));
  const float* kernel = run.In(3, KernelOf(s, 4));
  const float* bias = run.In(4, BiasOf(s, 4));
  float* h = run.Out(0, StateOf(s));
  float* c = run.Out(1, StateOf(s));
  if (!run.fine()) return;
  std::vector<float> gates(s.batch * 4 * s.hidden);
  Lstm(s, x, h0, c0, kernel, bias, h, c, gates.data());
}

void ComputeLstmGradient(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Sizes s = run.SizesOf(true);
  const Shape both{2 * s.steps, s.batch, s.hidden};
  const float* x = run.In(0, StepsOf(s, s.inputs));
  const float* h0 = run.In(1, StateOf(s));
  const float* c0 = run.In(2, StateOf(s));
  const float* kernel = run.In(3, KernelOf(s, 4));
  const float* states = run.In(4, both);
  const float* gates = run.In(5, StepsOf(s, 4 * s.hidden));
  const float* dStates = run.In(6, both);
  float* dx = run.Out(0, StepsOf(s, s.inputs));
  float* dh0 = run.Out(1, StateOf(s));
  float* dc0 = run.Out(2, StateOf(s));
  float* dKernel = run.Out(3, KernelOf(s, 4));
  float* dBias = run.Out(4, BiasOf(s, 4));
  if (!run.fine()) return;
  const Index half = s.Rows() * s.hidden;
  LstmGradient(s, x, h0, c0, kernel, states, states + half, gates, dStates, dStates + half, dx, dh0, dc0, dKernel,
               dBias);
}

GruWeights GruWeightsOf(Run& run, const Sizes& s) {
  return {run.In(2, KernelOf(s, 2)), run.In(3, BiasOf(s, 2)), run.In(4, KernelOf(s, 1)), run.In(5, BiasOf(s, 1))};
}

void ComputeGru(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Sizes s = run.SizesOf(true);
  const float* x = run.In(0, StepsOf(s, s.inputs));
  const float* h0 = run.In(1, StateOf(s));
  const GruWeights w = GruWeightsOf(run, s);
  float* h = run.Out(0, StepsOf(s, s.hidden));
  float* gates = run.Out(1, StepsOf(s, 2 * s.hidden));
  float* candidates = run.Out(2, StepsOf(s, s.hidden));
  if (run.fine()) Gru(s, x, h0, w, h, gates, candidates);
}

void ComputeGruStep(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Sizes s = run.SizesOf(false);
  const float* x = run.In(0, {s.batch, s.inputs});
  const float* h0 = run.In(1, StateOf(s));
  const GruWeights w = GruWeightsOf(run, s);
  float* h = run.Out(0, StateOf(s));
  if (!run.fine()) return;
  std::vector<float> kept(s.batch * 3 * s.hidden);
  Gru(s, x, h0, w, h, kept.data(), kept.data() + 2 * s.State());
}

void ComputeGruGradient(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Sizes s = run.SizesOf(true);
  const float* x = run.In(0, StepsOf(s, s.inputs));
  const float* h0 = run.In(1, StateOf(s));
  const GruWeights w = GruWeightsOf(run, s);
  const float* h = run.In(6, StepsOf(s, s.hidden));
  const float* gates = run.In(7, StepsOf(s, 2 * s.hidden));
  const float* candidates = run.In(8, StepsOf(s, s.hidden));
  const float* dh = run.In(9, StepsOf(s, s.hidden));
  float* dx = run.Out(0, StepsOf(s, s.inputs));
  float* dh0 = run.Out(1, StateOf(s));
  const GruGradients d{run.Out(2, KernelOf(s, 2)), run.Out(3, BiasOf(s, 2)), run.Out(4, KernelOf(s, 1)),
                       run.Out(5, BiasOf(s, 1))};
  if (run.fine()) GruGradient(s, x, h0, w, h, gates, candidates, dh, dx, dh0, d);
}

// What cannot be registered is not there, and who looks for it finds that out.
void Register(const char* name, std::initializer_list<const char*> inputs, std::initializer_list<const char*> outputs,
              void (*compute)(void*, TF_OpKernelContext*)) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(definition, (std::string(input) + ": float").c_str());
  for (const char* output : outputs)
    TF_OpDefinitionBuilderAddOutput(definition, (std::string(output) + ": float").c_str());
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK) {
    TF_KernelBuilder* kernel = TF_NewKernelBuilder(name, "CPU", nullptr, compute, nullptr);
    TF_RegisterKernelBuilder(name, kernel, status);
  }
  TF_DeleteStatus(status);
}

bool RegisterAll() {
  for (const bool relu : {false, true}) {
    const std::string name = relu ? "TidecastReluRnn" : "TidecastRnn";
    Register(name.c_str(), {"x", "h0", "kernel", "bias"}, {"h"}, relu ? ComputeRnn<true, true> : ComputeRnn<true, false>);
    Register((name + "Step").c_str(), {"x", "h0", "kernel", "bias"}, {"h"},
             relu ? ComputeRnn<false, true> : ComputeRnn<false, false>);
    Register((name + "Grad").c_str(), {"x", "h0", "kernel", "h", "dh"}, {"dx", "dh0", "dkernel", "dbias"},
             relu ? ComputeRnnGradient<true> : ComputeRnnGradient<false>);
  }
  Register("TidecastLstm", {"x", "h0", "c0", "kernel", "bias"}, {"states", "gates"}, ComputeLstm);
  Register("TidecastLstmStep", {"x", "h0", "c0", "kernel", "bias"}, {"h", "c"}, ComputeLstmStep);
  Register("TidecastLstmGrad", {"x", "h0", "c0", "kernel", "states", "gates", "dstates"},
           {"dx", "dh0", "dc0", "dkernel", "dbias"}, ComputeLstmGradient);
  Register("TidecastGru", {"x", "h0", "gate", "gate_bias", "candidate", "candidate_bias"}, {"h", "gates", "candidates"},
           ComputeGru);
  Register("TidecastGruStep", {"x", "h0", "gate", "gate_bias", "candidate", "candidate_bias"}, {"h"}, ComputeGruStep);
  Register("TidecastGruGrad",
           {"x", "h0", "gate", "gate_bias", "candidate", "candidate_bias", "h", "gates", "candidates", "dh"},
           {"dx", "dh0", "dgate", "dgate_bias", "dcandidate", "dcandidate_bias"}, ComputeGruGradient);
  return true;
}

const bool registered = RegisterAll();

}  // namespace

}  // namespace tidecast
