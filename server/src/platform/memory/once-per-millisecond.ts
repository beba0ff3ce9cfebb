/** A text that a time is written out as, once a millisecond: with many requests in one, that is dear for each. */
export function oncePerMillisecond(write: (ms: number) => string): (ms: number) => string {
  let latestMs = Number.NaN
  let latest = ''
  return (ms) => {
    if (ms !== latestMs) {
      latest = write(ms)
      latestMs = ms
    }
    return latest
  }
}
