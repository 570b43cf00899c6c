// Which numbers are a thread's: every so many, from its own place on.

typedef unsigned Number;
#define FIRST_INDEX (blockIdx.x * blockDim.x + threadIdx.x)
#define INDEX_STEP (gridDim.x * blockDim.x)
