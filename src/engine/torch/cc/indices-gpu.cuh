// Which numbers are a thread's: every so many, from its own place on.

#define FIRST_INDEX ((long long)blockIdx.x * blockDim.x + threadIdx.x)
#define INDEX_STEP ((long long)gridDim.x * blockDim.x)
