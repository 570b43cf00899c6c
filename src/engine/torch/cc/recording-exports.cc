// Exports that record a step: which tensors from before it uses, and on a GPU the graph of its work. On a CPU, which has
// no graphs, only the first: for tests.

#include <map>

#include "device.h"
#include "gpu.h"
#include "guard.h"

namespace mocolab {
namespace {

struct Recording {
  std::vector<Used> used;
  std::unique_ptr<gpu::Graph> graph;
};

struct Recordings {
  std::map<int32_t, Recording> finished;
  int32_t next = 0;
  /** Of the one that is made now. */
  std::unique_ptr<gpu::Graph> graph;
};

/** Never destroyed: CUDA may be gone first when the process ends. */
Recordings& recordings() {
  static auto* only = new Recordings();
  return *only;
}

Recording& recordingOf(const Args& args) { return recordings().finished.at(args.handle(0)); }

Napi::Value startRecording(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    if (store().isNoting()) throw std::logic_error("A step is recorded already.");
    if (settings().device.is_cuda()) recordings().graph = gpu::startGraph();
    store().startNoting();
    return args.env().Undefined();
  });
}

/** -> its number. */
Napi::Value finishRecording(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    Recording made{store().stopNoting(), std::move(recordings().graph)};
    if (made.graph) made.graph->finish();
    recordings().finished[recordings().next] = std::move(made);
    return Napi::Number::New(args.env(), recordings().next++);
  });
}

Napi::Value abandonRecording(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    store().stopNoting();
    recordings().graph.reset();
    return args.env().Undefined();
  });
}

/** Number -> whether all that it uses is where it was. */
Napi::Value isRecordingCurrent(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    bool current = true;
    for (const Used& used : recordingOf(args).used) current = current && store().isCurrent(used);
    return Napi::Boolean::New(args.env(), current);
  });
}

Napi::Value replay(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    if (!recordingOf(args).graph) throw std::logic_error("A CPU has no graph to replay.");
    recordingOf(args).graph->replay();
    store().overwrittenAll();
    return args.env().Undefined();
  });
}

Napi::Value dropRecording(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    recordings().finished.erase(args.handle(0));
    return args.env().Undefined();
  });
}

}  // namespace

void addRecordingExports(Napi::Object exports) {
  addExport(exports, "startRecording", startRecording);
  addExport(exports, "finishRecording", finishRecording);
  addExport(exports, "abandonRecording", abandonRecording);
  addExport(exports, "isRecordingCurrent", isRecordingCurrent);
  addExport(exports, "replay", replay);
  addExport(exports, "dropRecording", dropRecording);
}

}  // namespace mocolab
