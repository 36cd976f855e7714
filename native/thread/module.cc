// What a thread needs before TensorFlow may be loaded in it. Compiled by scripts/setup.mjs into native/build/.

#include <node_api.h>

#include "native.h"

// NAPI_MODULE_INIT may run once per thread: it keeps no state, so a worker and the main thread can both load it.
NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"blockAllSignals", nullptr, tidecast::BlockAllSignals, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"blockedSignals", nullptr, tidecast::BlockedSignals, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"setEnvironment", nullptr, tidecast::SetEnvironment, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof(functions) / sizeof(functions[0]), functions);
  return exports;
}
