// Specs of tfjs-core's that fail on the engine tensorflow, by reason. All are refusals or choices of tfjs-node 4.22.0 or of
// TensorFlow 2.15.1; where our own kernels fail, they are to be mended. A name that is no spec, or one that passes, is an error.

const byReason: { readonly [reason: string]: readonly string[] } = {
  "tfjs-node's kernel pads with 'valid' and 'same' alone": [
    'avgPool3d tensorflow {} x=[1,2,2,2,1] f=[2,2,2] s=1 p=1 roundingMode=floor',
    'avgPool3d tensorflow {} x=[1,1,1,1,1] f=[2,2,2] s=1 p=2',
    'avgPool tensorflow {} x=[3,3,1] f=[3,3] s=1 p=explicit',
    'avgPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 default dimRoundingMode',
    'avgPool tensorflow {} x=[2,2,3] f=[1,1] s=2 p=1 dimRoundingMode=floor',
    'avgPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=floor',
    'avgPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=round',
    'avgPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=ceil',
    'avgPool tensorflow {} gradient x=[3,3,1] f=[3,3] s=1 p=explicit',
    'maxPool3d tensorflow {} x=[1,2,2,2,1] f=[2,2,2] s=1 p=1 roundingMode=floor',
    'pool tensorflow {} avg x=[3,3,1] f=[3,3] s=1 d=1 p=explicit',
    'pool tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit defualt dimRoundingMode',
    'pool tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=floor',
    'pool tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=round',
    'pool tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=ceil',
    'pool tensorflow {} avg x=[2,2,3] f=[1,1] s=2 p=1 fractional outputs default rounding',
  ],
  "a filter that is longer than the image: TensorFlow's op has no result of size 0": [
    'avgPool3d tensorflow {} x=[1,1,1,1,1] f=[1,1,3] s=1 p=valid',
  ],
  'gives a gradient of 8 x 8 to an image of 4 x 4, which TensorFlow refuses': [
    'conv2dTranspose tensorflow {} input=8x8x8,output=4x4x8,f=8,s=1,inDepth=8,p=same vec4',
  ],
  "TensorFlow's op does not take this type": [
    'diag tensorflow {} bool',
    'leakyrelu tensorflow {} int32',
    'step kernel tensorflow {} with int32 tensor',
  ],
  'wants an error; tfjs-node hands the equation to TensorFlow, which computes it or says so otherwise': [
    'einsum tensorflow {} 2d matrix calculate trace: duplicate axes not implemented yet',
    'einsum tensorflow {} nonexistent dimension throws error',
  ],
  "tfjs-node's kernel refuses NCHW": [
    'fused conv2d tensorflow {} basic in NCHW',
    'fused conv2d tensorflow {} basic in NCHW with scalar bias',
    'fused conv2d tensorflow {} basic in NCHW with 1-D bias',
    'fused conv2d tensorflow {} basic in NCHW with bias and multiple batches',
    'fused conv2d tensorflow {} basic in NCHW with scalar PReLU actiavation',
    'fused conv2d tensorflow {} basic in NCHW with 1-D PReLU actiavation',
    'fused conv2d tensorflow {} basic in NCHW with 3-D PReLU actiavation',
    'fused conv2d tensorflow {} basic in NCHW with full 3-D PReLU actiavation',
    'fused conv2d tensorflow {} im2row in NCHW',
    'fused conv2d tensorflow {} im2row in NCHW with scalar bias',
    'fused conv2d tensorflow {} im2row in NCHW with 1-D bias',
    'fused conv2d tensorflow {} im2row in NCHW with scalar PReLU actiavation weights',
    'fused conv2d tensorflow {} im2row in NCHW with 1-D PReLU actiavation weights',
    'fused conv2d tensorflow {} im2row in NCHW with 3-D PReLU actiavation weights',
    'fused conv2d tensorflow {} im2row in NCHW with full 3-D PReLU actiavation weights',
    'fused conv2d tensorflow {} batch in NCHW',
    'fused conv2d tensorflow {} batch in NCHW with scalar bias',
    'fused conv2d tensorflow {} batch in NCHW with 1-D bias',
    'fused conv2d tensorflow {} batch in NCHW with scalar PReLU actiavation weights',
    'fused conv2d tensorflow {} batch in NCHW with 1-D PReLU actiavation weights',
    'fused conv2d tensorflow {} batch in NCHW with 3-D PReLU actiavation weights',
    'fused conv2d tensorflow {} batch in NCHW with full 3-D PReLU actiavation weights',
  ],
  'TensorFlow does not order strings': [
    'greaterEqual tensorflow {} should support string comparison',
    'greater tensorflow {} should support string comparison',
    'lessEqual tensorflow {} should support string comparison',
    'less tensorflow {} should support string comparison',
  ],
  'asks for the largest of a window that lies in the padding alone': [
    'maxPool tensorflow {} x=[2,2,3] f=[1,1] s=2 p=1 dimRoundingMode=floor',
    'maxPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=round',
    'maxPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=ceil',
    'pool tensorflow {} max x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=ceil',
    'pool tensorflow {} max x=[2,2,3] f=[1,1] s=2 p=1 fractional outputs default rounding',
  ],
  'TensorFlow draws anew though the seed is the same': [
    'multinomial tensorflow {} creates the same data given the same seed',
  ],
  'indices of one axis, where TensorFlow wants [n, 1]': [
    'scatterND tensorflow {} should work for 2d',
    'scatterND tensorflow {} should work for simple 1d',
    'scatterND tensorflow {} should work for multiple 1d',
    'scatterND tensorflow {} should sum the duplicated indices',
    'scatterND tensorflow {} should work for tensorLike input',
  ],
  "TensorFlow's sign of NaN is NaN": [
    'sign tensorflow {} basic',
    'sign tensorflow {} does not propagate NaNs',
    'sign tensorflow {} accepts a tensor-like object',
  ],
  'another last bit of a tangent of 3e4': ['tan tensorflow {} numbers exceed float32 precision'],
  'TensorFlow takes each NaN for a value of its own': [
    'unique tensorflow {} 1d tensor with NaN and Infinity',
  ],
};

/** Reasons by name. */
export const skipList: { readonly [name: string]: string } = Object.fromEntries(
  Object.entries(byReason).flatMap(([reason, names]) => names.map((name) => [name, reason])),
);
