// Specs of tfjs-core's that fail on kernels of ours, by name, with the reason. An entry that names no spec, or
// one that passes, is an error.

export const skipList: { readonly [name: string]: string } = {
  'avgPool torch {} gradient x=[3,3,1] f=[3,3] s=1 p=explicit':
    'divides by the whole window where the forward pass divides by what of it lies in the image; ours is the gradient of that',
  'conv2dTranspose torch {} input=8x8x8,output=4x4x8,f=8,s=1,inDepth=8,p=same vec4':
    'gives a gradient of 8 x 8 to an image of 4 x 4; we refuse shapes that do not fit',
  'einsum torch {} nonexistent dimension throws error':
    'wants the bare message; ours names the op, its shapes and its types before it',
  'gather torch {} throws when index is out of bound':
    'wants the bare message; ours names the op, its shapes and its types before it',
};
