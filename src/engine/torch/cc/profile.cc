#include "profile.h"

#include <cstring>
#include <deque>

namespace mocolab {
namespace {

/** Never moved, because functions hold pointers into it. */
std::deque<OpTime>& times() {
  static auto* all = new std::deque<OpTime>();
  return *all;
}

}  // namespace

bool profiling = false;

OpTime* timeOf(const char* name) {
  for (OpTime& time : times())
    if (std::strcmp(time.name, name) == 0) return &time;
  times().push_back({name});
  return &times().back();
}

void startProfile() {
  for (OpTime& time : times()) time = {time.name};
  profiling = true;
}

std::vector<const OpTime*> stopProfile() {
  profiling = false;
  std::vector<const OpTime*> called;
  for (const OpTime& time : times())
    if (time.calls > 0) called.push_back(&time);
  return called;
}

}  // namespace mocolab
