#ifndef TIDECAST_NATIVE_H_
#define TIDECAST_NATIVE_H_

#include <node_api.h>

namespace tidecast {

napi_value BlockAllSignals(napi_env env, napi_callback_info info);
napi_value BlockedSignals(napi_env env, napi_callback_info info);
napi_value SetEnvironment(napi_env env, napi_callback_info info);

}  // namespace tidecast

#endif  // TIDECAST_NATIVE_H_
