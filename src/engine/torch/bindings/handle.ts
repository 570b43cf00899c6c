// What JavaScript holds of the addon's tensors.

/** A tensor in the addon's store. */
export type Handle = number;
