// The process's real environment, from a worker thread.
//
// Why native: assigning to `process.env` in a worker changes only that worker's copy, while TensorFlow reads its settings
// with getenv.

#include <node_api.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "native.h"

namespace tidecast {

namespace {

bool ReadString(napi_env env, napi_value value, std::string* text) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  text->resize(length + 1);
  if (napi_get_value_string_utf8(env, value, &(*text)[0], length + 1, &length) != napi_ok) return false;
  text->resize(length);
  return true;
}

}  // namespace

// setEnvironment(name, value): true when the variable was changed, false when it had that value already. An equal value
// is left alone because setenv may move the table under a getenv of another thread.
napi_value SetEnvironment(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  std::string name;
  std::string value;
  if (count < 2 || !ReadString(env, arguments[0], &name) || !ReadString(env, arguments[1], &value)) {
    napi_throw_type_error(env, "ENVIRONMENT", "setEnvironment(name: string, value: string)");
    return nullptr;
  }
  const char* present = std::getenv(name.c_str());
  const bool change = present == nullptr || value != present;
  if (change && setenv(name.c_str(), value.c_str(), 1) != 0) {
    const std::string message = "setenv " + name + ": " + std::strerror(errno);
    napi_throw_error(env, "ENVIRONMENT", message.c_str());
    return nullptr;
  }
  napi_value result = nullptr;
  napi_get_boolean(env, change, &result);
  return result;
}

}  // namespace tidecast
