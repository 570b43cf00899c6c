#include "device.h"

namespace mocolab {

Settings& settings() {
  static Settings only;
  return only;
}

}  // namespace mocolab
