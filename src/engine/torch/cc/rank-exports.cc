// Exports for the ranks of one stage: how they come together, and collective operations on tensors.

#include "device.h"
#include "gloo.h"
#include "gpu.h"
#include "guard.h"
#include "rank-thread.h"
#include "shared-memory.h"

namespace mocolab {
namespace {

RankThread* ranks = nullptr;

World worldOf(const Args& args) {
  return {static_cast<int>(args.integer(0)), static_cast<int>(args.integer(1)), args.integer(2)};
}

std::vector<std::string> textsOf(const Napi::Value& value) {
  const auto list = value.As<Napi::Array>();
  std::vector<std::string> texts;
  for (uint32_t i = 0; i < list.Length(); i++) texts.push_back(list.Get(i).ToString());
  return texts;
}

void begin(Napi::Env env, Communicator* communicator) {
  ranks = new RankThread(env, std::unique_ptr<Communicator>(communicator));
}

/** Rank, ranks, timeout in ms -> a ticket by which the others find the shared memory. */
Napi::Value shareMemory(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    SharedSegment* segment = SharedSegment::create(worldOf(args));
    begin(args.env(), new SharedMemory(worldOf(args), segment));
    return Napi::String::New(args.env(), segment->ticket());
  });
}

/** Rank, ranks, timeout in ms, and what rank 0's `shareMemory` gave. */
Napi::Value openMemory(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    SharedSegment* segment = SharedSegment::open(worldOf(args), args.value(3).ToString());
    begin(args.env(), new SharedMemory(worldOf(args), segment));
    return args.env().Undefined();
  });
}

/** All ranks have the memory: it can't be opened any more. */
Napi::Value sealMemory(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    if (auto* shared = ranks ? dynamic_cast<SharedMemory*>(&ranks->communicator()) : nullptr) shared->segment().seal();
    return args.env().Undefined();
  });
}

/** Rank, ranks, timeout in ms, the module's path, an address of this machine that the others reach -> a ticket. */
Napi::Value prepareGloo(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    auto* gloo = new Gloo(args.value(3).ToString(), worldOf(args), args.value(4).ToString());
    begin(args.env(), gloo);
    return Napi::String::New(args.env(), gloo->ticket());
  });
}

/** All ranks' tickets. */
Napi::Value connectGloo(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    auto* gloo = ranks ? dynamic_cast<Gloo*>(&ranks->communicator()) : nullptr;
    if (!gloo) throw std::logic_error("prepareGloo comes first.");
    gloo->connect(textsOf(args.value(0)));
    return args.env().Undefined();
  });
}

Element elementOf(at::ScalarType type) {
  if (type == at::kFloat) return Element::Float;
  if (type == at::kInt) return Element::Int;
  if (type == at::kBool) return Element::Byte;
  throw std::invalid_argument(std::string("ranks don't exchange ") + c10::toString(type));
}

/** The same numbers in memory without gaps; filters keep their own order of axes. */
at::Tensor withoutGaps(const at::Tensor& tensor) {
  const at::Tensor wide = widen(tensor);
  return wide.is_non_overlapping_and_dense() ? wide : wide.contiguous();
}

/** FNV-1a over shapes and strides. */
uint64_t hashLayout(const std::vector<at::Tensor>& tensors) {
  uint64_t hash = 14695981039346656037U;
  const auto add = [&](int64_t number) { hash = (hash ^ static_cast<uint64_t>(number)) * 1099511628211U; };
  for (const at::Tensor& tensor : tensors) {
    for (const int64_t size : tensor.sizes()) add(size);
    for (const int64_t stride : tensor.strides()) add(stride);
    add(-1);
  }
  return hash;
}

void setInput(Job& job) {
  Task& task = job.task;
  task.element = elementOf(job.inputs.empty() ? at::kFloat : job.inputs[0].scalar_type());
  task.layout = hashLayout(job.inputs);
  for (const at::Tensor& tensor : job.inputs) {
    if (elementOf(tensor.scalar_type()) != task.element) throw std::invalid_argument("tensors of several types");
    task.input.push_back({static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()});
    task.bytes += tensor.nbytes();
  }
}

/** Outputs like the inputs, one behind the other in one block of memory. */
void setOutputs(Job& job) {
  if (job.inputs.empty()) return;
  int64_t count = 0;
  for (const at::Tensor& tensor : job.inputs) count += tensor.numel();
  const at::Tensor block = at::empty({count}, on(job.inputs[0].scalar_type()));
  job.task.output = static_cast<char*>(block.data_ptr());
  int64_t from = 0;
  for (const at::Tensor& tensor : job.inputs) {
    job.outputs.push_back(block.as_strided(tensor.sizes(), tensor.strides(), from));
    from += tensor.numel();
  }
}

/** On a GPU nothing is waited for: the operation is on its stream when this returns. */
Napi::Value startOnGpu(Napi::Env env, Job& job) {
  const Task& task = job.task;
  if (!job.outputs.empty()) {
    std::vector<at::Tensor> flat;
    for (const at::Tensor& tensor : job.inputs) flat.push_back(tensor.as_strided({tensor.numel()}, {1}));
    const at::Tensor input = at::cat(flat);
    const at::Tensor output = job.outputs[0].as_strided({task.kind == TaskKind::Gather ? job.outputs[0].numel() : input.numel()}, {1}, 0);
    gpu::exchange(task.kind, task.element, input, output, task.factor);
  }
  auto handles = Napi::Array::New(env, job.outputs.size());
  for (uint32_t i = 0; i < handles.Length(); i++) handles.Set(i, store().put(job.outputs[i]));
  job.promise.Resolve(handles);
  return job.promise.Promise();
}

Napi::Value start(Napi::Env env, std::unique_ptr<Job> job) {
  if (gpu::hasRanks()) return startOnGpu(env, *job);
  if (!ranks) throw std::logic_error("There are no other ranks.");
  return ranks->start(env, std::move(job));
}

/** Handles, factor -> promise of the sums' handles. */
Napi::Value sumOverRanks(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    auto job = std::make_unique<Job>(args.env());
    job->task.kind = TaskKind::Sum;
    job->task.factor = args.number(1);
    for (const at::Tensor& tensor : args.tensors(0)) job->inputs.push_back(withoutGaps(tensor));
    setInput(*job);
    setOutputs(*job);
    return start(args.env(), std::move(job));
  });
}

/** Handles -> promise of rank 0's tensors' handles. */
Napi::Value broadcastOverRanks(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    auto job = std::make_unique<Job>(args.env());
    job->task.kind = TaskKind::Broadcast;
    // A copy that started elsewhere may lie in another order of axes: all agree on that of the shape.
    for (const at::Tensor& tensor : args.tensors(0)) job->inputs.push_back(widen(tensor).contiguous());
    setInput(*job);
    setOutputs(*job);
    return start(args.env(), std::move(job));
  });
}

/** Handle, ranks -> promise of the handle of all ranks' tensors. [N, ...] -> [ranks N, ...] */
Napi::Value gatherOverRanks(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    auto job = std::make_unique<Job>(args.env());
    job->task.kind = TaskKind::Gather;
    job->inputs.push_back(widen(args.tensor(0)).contiguous());
    setInput(*job);
    std::vector<int64_t> shape = job->inputs[0].sizes().vec();
    shape.at(0) *= args.integer(1);
    job->outputs.push_back(at::empty(shape, on(job->inputs[0].scalar_type())));
    job->task.output = static_cast<char*>(job->outputs[0].data_ptr());
    return start(args.env(), std::move(job));
  });
}

/** Paths of NCCL's library, whether to make a ticket -> it, or nothing. */
Napi::Value prepareNccl(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    gpu::loadNccl(textsOf(args.value(0)));
    return Napi::String::New(args.env(), args.flag(1) ? gpu::makeTicket() : "");
  });
}

/** Rank, ranks, timeout in ms, rank 0's ticket. */
Napi::Value connectNccl(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    gpu::connectRanks(worldOf(args), args.value(3).ToString());
    return args.env().Undefined();
  });
}

/** What was promised is there, for whatever is computed from now on. */
Napi::Value awaitRanks(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    if (gpu::hasRanks()) gpu::awaitExchange();
    return args.env().Undefined();
  });
}

Napi::Value abortRanks(const Napi::CallbackInfo& info) {
  gpu::abortRanks();
  if (ranks) ranks->abort();
  return info.Env().Undefined();
}

Napi::Value closeRanks(const Napi::CallbackInfo& info) {
  gpu::closeRanks();
  delete ranks;
  ranks = nullptr;
  return info.Env().Undefined();
}

}  // namespace

void addRankExports(Napi::Object exports) {
  addExport(exports, "shareMemory", shareMemory);
  addExport(exports, "openMemory", openMemory);
  addExport(exports, "sealMemory", sealMemory);
  addExport(exports, "prepareGloo", prepareGloo);
  addExport(exports, "connectGloo", connectGloo);
  addExport(exports, "prepareNccl", prepareNccl);
  addExport(exports, "connectNccl", connectNccl);
  addExport(exports, "awaitRanks", awaitRanks);
  addExport(exports, "sumOverRanks", sumOverRanks);
  addExport(exports, "broadcastOverRanks", broadcastOverRanks);
  addExport(exports, "gatherOverRanks", gatherOverRanks);
  addExport(exports, "abortRanks", abortRanks);
  addExport(exports, "closeRanks", closeRanks);
}

}  // namespace mocolab
