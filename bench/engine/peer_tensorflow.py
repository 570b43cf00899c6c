"""The peer of our MoCo v2 step: the same step in TensorFlow for Python, eager, with a GradientTape.

Reads its case as JSON from the first argument. Then, line by line on stdin: `run N` trains N steps and answers
with their times, `stop` answers with the peak of resident memory and ends.

NHWC, fused BatchNorm, PyTorch's padding ('SAME' where that is the same), Keras's SGD with its fused update, the queue
written in place. No Keras layers: their Python would only slow it down. graph: the step is a tf.function.
"""

import json
import os
import resource
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import tensorflow as tf

case = json.loads(sys.argv[1])
batch, size, queue_size = case["batch"], case["size"], case["queueSize"]
T, m, dim = 0.2, 0.999, 128
tf.config.threading.set_intra_op_parallelism_threads(case["threads"])
if case["device"] == "cpu":
    tf.config.set_visible_devices([], "GPU")
tf.random.set_seed(0)

STAGES = {"resnet18": (2, 2, 2, 2), "resnet50": (3, 4, 6, 3)}


class ConvNorm(tf.Module):
    """A convolution and its BatchNorm."""

    def __init__(self, inputs, outputs, kernel, stride=1):
        self.stride, self.padding = stride, kernel // 2
        spread = (2 / (kernel * kernel * outputs)) ** 0.5
        self.filter = tf.Variable(tf.random.normal([kernel, kernel, inputs, outputs], stddev=spread))
        self.scale, self.offset = tf.Variable(tf.ones([outputs])), tf.Variable(tf.zeros([outputs]))
        self.mean = tf.Variable(tf.zeros([outputs]), trainable=False)
        self.variance = tf.Variable(tf.ones([outputs]), trainable=False)

    def __call__(self, x):
        if self.padding and self.stride > 1:
            around = [self.padding, self.padding]
            x = tf.pad(x, [[0, 0], around, around, [0, 0]])
            y = tf.nn.conv2d(x, self.filter, self.stride, "VALID")
        else:
            y = tf.nn.conv2d(x, self.filter, self.stride, "SAME")
        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            y, self.scale, self.offset, self.mean, self.variance, 1e-5, "NHWC", True, exponential_avg_factor=0.1
        )
        self.mean.assign(mean)
        self.variance.assign(variance)
        return y


class Block(tf.Module):
    def __init__(self, inputs, width, stride, bottleneck):
        if bottleneck:
            outputs = 4 * width
            self.convs = [
                ConvNorm(inputs, width, 1),
                ConvNorm(width, width, 3, stride),
                ConvNorm(width, outputs, 1),
            ]
        else:
            outputs = width
            self.convs = [ConvNorm(inputs, width, 3, stride), ConvNorm(width, width, 3)]
        self.shortcut = ConvNorm(inputs, outputs, 1, stride) if stride > 1 or inputs != outputs else None
        self.outputs = outputs

    def __call__(self, x):
        y = x
        for conv in self.convs[:-1]:
            y = tf.nn.relu(conv(y))
        return tf.nn.relu(self.convs[-1](y) + (self.shortcut(x) if self.shortcut else x))


class Linear(tf.Module):
    def __init__(self, inputs, outputs):
        self.weight = tf.Variable(tf.random.normal([inputs, outputs], stddev=inputs**-0.5))
        self.bias = tf.Variable(tf.zeros([outputs]))

    def __call__(self, x):
        return tf.nn.bias_add(tf.matmul(x, self.weight), self.bias)


class Encoder(tf.Module):
    def __init__(self):
        self.is_cifar = case["stem"] == "cifar"
        self.stem = ConvNorm(3, 64, 3) if self.is_cifar else ConvNorm(3, 64, 7, 2)
        self.blocks, inputs = [], 64
        for stage, count in enumerate(STAGES[case["arch"]]):
            for i in range(count):
                stride = 2 if stage > 0 and i == 0 else 1
                self.blocks.append(Block(inputs, 64 << stage, stride, case["arch"] == "resnet50"))
                inputs = self.blocks[-1].outputs
        self.hidden, self.last = Linear(inputs, inputs), Linear(inputs, dim)

    def __call__(self, x):
        y = tf.nn.relu(self.stem(x))
        if not self.is_cifar:
            y = tf.nn.max_pool2d(y, 3, 2, [[0, 0], [1, 1], [1, 1], [0, 0]])
        for block in self.blocks:
            y = block(y)
        return self.last(tf.nn.relu(self.hidden(tf.reduce_mean(y, [1, 2]))))


encoder_q, encoder_k = Encoder(), Encoder()
parameters_q, parameters_k = encoder_q.trainable_variables, encoder_k.trainable_variables
for q, k in zip(parameters_q, parameters_k):
    k.assign(q)
queue = tf.Variable(tf.math.l2_normalize(tf.random.normal([dim, queue_size]), 0), trainable=False)
optimizer = tf.keras.optimizers.legacy.SGD(0.03, momentum=0.9)
im_q, im_k = (tf.random.normal([batch, size, size, 3]) for _ in range(2))
labels = tf.zeros([batch], tf.int64)


def train_step(pointer):
    for q, k in zip(parameters_q, parameters_k):
        k.assign_sub((k - q) * (1 - m))
    order = tf.random.shuffle(tf.range(batch))
    k = tf.math.l2_normalize(encoder_k(tf.gather(im_k, order)), 1)
    k = tf.gather(k, tf.argsort(order))
    with tf.GradientTape() as tape:
        q = tf.math.l2_normalize(encoder_q(im_q), 1)
        positive = tf.reduce_sum(q * k, 1, keepdims=True)
        logits = tf.concat([positive, tf.matmul(q, queue)], 1) / T
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    gradients = tape.gradient(loss, parameters_q)
    decayed = [g + 1e-4 * p for g, p in zip(gradients, parameters_q)]
    optimizer.apply_gradients(zip(decayed, parameters_q))
    queue[:, pointer : pointer + batch].assign(tf.transpose(k))
    acc1, acc5 = (tf.reduce_mean(tf.cast(tf.math.in_top_k(labels, logits, k), tf.float32)) for k in (1, 5))
    return loss, acc1, acc5


step = tf.function(train_step) if case.get("graph") else train_step
pointer = 0


def run(steps):
    global pointer
    times = []
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(steps):
        started = time.perf_counter()
        loss, acc1, acc5 = (float(x) for x in step(tf.constant(pointer)))
        pointer = (pointer + batch) % queue_size
        times.append(1000 * (time.perf_counter() - started))
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"timesMs": times, "cpuMs": 1000 * spent / steps, "loss": loss}


def answer(message):
    print(json.dumps(message), flush=True)


answer({"ready": f"TensorFlow {tf.__version__}", "threads": tf.config.threading.get_intra_op_parallelism_threads()})
for line in sys.stdin:
    command, *arguments = line.split()
    if command == "stop":
        answer({"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})
        break
    answer(run(int(arguments[0])))
