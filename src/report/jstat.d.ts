// The part of jstat's surface that is used; the package has no types of its own.
declare module 'jstat' {
  const jstat: {
    readonly jStat: {
      readonly studentt: { cdf(t: number, df: number): number; inv(p: number, df: number): number };
      readonly normal: { cdf(x: number, mean: number, std: number): number };
      readonly chisquare: { inv(p: number, df: number): number };
    };
  };
  export default jstat;
}
