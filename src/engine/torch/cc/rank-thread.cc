#include "rank-thread.h"

#include "store.h"

namespace mocolab {
namespace {

void runJob(Communicator& communicator, Job& job) {
  try {
    communicator.run(job.task);
  } catch (const RankFailed& failed) {
    job.error = failed.what();
    job.culprit = failed.rank;
  } catch (const std::exception& error) {
    job.error = error.what();
  }
}

/** On the main thread: tensors are put away and freed there alone. */
void settle(Napi::Env env, Job& job) {
  if (!job.error.empty()) {
    const auto error = Napi::Error::New(env, job.error);
    error.Set("culprit", Napi::Number::New(env, job.culprit));
    job.promise.Reject(error.Value());
    return;
  }
  auto handles = Napi::Array::New(env, job.outputs.size());
  for (uint32_t i = 0; i < handles.Length(); i++) handles.Set(i, store().put(job.outputs[i]));
  job.promise.Resolve(handles);
}

}  // namespace

RankThread::RankThread(Napi::Env env, std::unique_ptr<Communicator> communicator)
    : communicator_(std::move(communicator)), pending_(std::make_shared<int>(0)) {
  const auto nothing = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
  finished_ = Napi::ThreadSafeFunction::New(env, nothing, "mocolab ranks", 0, 1);
  finished_.Unref(env);
  thread_ = std::thread([this] { work(); });
}

Napi::Promise RankThread::start(Napi::Env env, std::unique_ptr<Job> job) {
  const Napi::Promise promise = job->promise.Promise();
  if ((*pending_)++ == 0) finished_.Ref(env);  // A promise alone would not keep the process alive.
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wakeUp_.notify_one();
  return promise;
}

RankThread::~RankThread() {
  abort();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    isClosing_ = true;
  }
  wakeUp_.notify_one();
  thread_.join();
  finished_.Release();  // What the thread has put there is still delivered.
}

void RankThread::work() {
  for (;;) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wakeUp_.wait(lock, [this] { return isClosing_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    runJob(*communicator_, *job);
    // Copies, because this object may be gone when the main thread comes to it.
    const auto deliver = [pending = pending_, finished = finished_](Napi::Env env, Napi::Function, Job* done) {
      const std::unique_ptr<Job> settled(done);
      if (static_cast<napi_env>(env) == nullptr) return;  // The process ends.
      if (--*pending == 0) finished.Unref(env);
      settle(env, *settled);
    };
    finished_.NonBlockingCall(job.release(), deliver);
  }
}

}  // namespace mocolab
