// Runs collective tasks in their order on a thread of its own, so that the backward pass goes on meanwhile.

#pragma once

#include <ATen/ATen.h>
#include <napi.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "communicator.h"

namespace mocolab {

/** A task, the tensors whose memory it uses, and the promise of its result. */
struct Job {
  explicit Job(Napi::Env env) : promise(Napi::Promise::Deferred::New(env)) {}
  Task task;
  std::vector<at::Tensor> inputs, outputs;
  Napi::Promise::Deferred promise;
  /** Empty: it went well. */
  std::string error;
  /** Which rank failed, or -1 where none did. */
  int culprit = -1;
};

class RankThread {
 public:
  RankThread(Napi::Env env, std::unique_ptr<Communicator> communicator);
  /** Aborts, and waits for the thread to end; what was promised is settled soon after. */
  ~RankThread();
  /** The promise gives the outputs' handles. */
  Napi::Promise start(Napi::Env env, std::unique_ptr<Job> job);
  /** What runs, or comes later, rejects. */
  void abort() { communicator_->abort(); }
  Communicator& communicator() { return *communicator_; }

 private:
  void work();

  std::unique_ptr<Communicator> communicator_;
  Napi::ThreadSafeFunction finished_;
  std::mutex mutex_;
  std::condition_variable wakeUp_;
  std::deque<std::unique_ptr<Job>> jobs_;
  bool isClosing_ = false;
  /** Main thread: promises that are not settled yet. */
  std::shared_ptr<int> pending_;
  std::thread thread_;
};

}  // namespace mocolab
