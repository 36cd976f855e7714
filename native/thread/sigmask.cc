// Signal mask of the calling thread.
//
// Why native: Node offers no way to block signals, and a handler that runs on a thread inside TensorFlow's generated
// matrix kernels overwrites the heap (those kernels point the stack register into a heap block while they run).
// Threads inherit the mask of the thread that starts them, so blocking before TensorFlow is loaded covers its pool too.

#include <node_api.h>
#include <signal.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "native.h"

namespace tidecast {

namespace {

// Raised by the thread's own fault: blocking one would turn a crash report into an undefined hang.
constexpr int kSynchronous[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};

}  // namespace

napi_value BlockAllSignals(napi_env env, napi_callback_info) {
  sigset_t mask;
  sigfillset(&mask);
  for (int signal : kSynchronous) sigdelset(&mask, signal);
  const int error = pthread_sigmask(SIG_BLOCK, &mask, nullptr);
  if (error != 0) {
    const std::string message = std::string("pthread_sigmask: ") + std::strerror(error);
    napi_throw_error(env, "SIGMASK", message.c_str());
    return nullptr;
  }
  napi_value result = nullptr;
  napi_get_boolean(env, true, &result);
  return result;
}

// Numbers of the signals that the calling thread blocks, in ascending order.
napi_value BlockedSignals(napi_env env, napi_callback_info) {
  sigset_t mask;
  sigemptyset(&mask);
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  napi_value list = nullptr;
  napi_create_array(env, &list);
  uint32_t count = 0;
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&mask, signal) != 1) continue;
    napi_value number = nullptr;
    napi_create_int32(env, signal, &number);
    napi_set_element(env, list, count++, number);
  }
  return list;
}

}  // namespace tidecast
