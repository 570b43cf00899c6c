// The files that one stage leaves for the next, by name.

/** Backbone of the query encoder: torchvision's names without fc. Left by extract. */
export const ENCODER_FILE = 'encoder.safetensors';
/** The projection head (fc.*) of the query encoder. Left by extract; the kNN of the CIFAR demo needs it. */
export const HEAD_FILE = 'head.safetensors';
/** Of a training that ended because its loss was no finite number: the step's numbers. */
export const FAILED_STEP_FILE = 'failed-step.json';
/** Last linear classifier: the whole network, fc included. */
export const CLASSIFIER_FILE = 'checkpoint.pth.tar';
/** The linear classifier of the epoch with the best top-1. */
export const BEST_CLASSIFIER_FILE = 'model_best.pth.tar';
/** What the sanity check compared and found. */
export const SANITY_FILE = 'sanity-check.json';
/** The encoder as Detectron2 reads it. Left by detection. */
export const DETECTRON_FILE = 'encoder.pkl';
/** What Detectron2 found. Left by detection. */
export const DETECTION_FILE = 'detection.json';
/** Prediction for every held-out image. */
export const KNN_FILE = 'knn.json';
