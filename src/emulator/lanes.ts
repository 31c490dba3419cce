/** Runs what has the same key one after the other, and other keys beside it. */
export type Lanes = <T>(key: string | object, work: () => Promise<T>) => Promise<T>;

export function createLanes(): Lanes {
  const lanes = new Map<string | object, Promise<unknown>>();
  return (key, work) => {
    const result = (lanes.get(key) ?? Promise.resolve()).then(work);
    const settled = result.catch(() => {});
    lanes.set(key, settled);
    void settled.then(() => lanes.get(key) === settled && lanes.delete(key));
    return result;
  };
}
