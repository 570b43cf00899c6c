// What the updates in place share, the loops' and ATen's.

#pragma once

#include "args.h"

namespace mocolab {

/** Each of `tensors` laid out as the one of `like` that it goes with. */
inline Tensors inLayoutsOf(const Tensors& like, Tensors tensors) {
  for (size_t i = 0; i < tensors.size(); i++) tensors[i] = inLayoutOf(like[i], tensors[i]);
  return tensors;
}

/** The same, and from now on: for tensors that only ever go with these. */
inline Tensors relayLike(const Tensors& like, const Args& args, size_t list) {
  const auto handles = args.integers(list);
  Tensors laid = inLayoutsOf(like, args.tensors(list));
  for (size_t i = 0; i < laid.size(); i++) store().relay(static_cast<int32_t>(handles[i]), laid[i]);
  return laid;
}

inline void noteOverwritten(const Args& args, size_t list) {
  for (const int64_t handle : args.integers(list)) store().overwritten(static_cast<int32_t>(handle));
}

}  // namespace mocolab
