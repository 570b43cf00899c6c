// Numbers in memory as float32.

typedef float Storage;

__device__ inline float load(const Storage* from) { return *from; }
__device__ inline void store(Storage* to, float value) { *to = value; }
