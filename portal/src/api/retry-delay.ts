const longestSeconds = 30

/** How long to wait before the server is asked again, in milliseconds: 2, 4, 8, 16 seconds, and then 30. */
export function retryDelayMs(failures: number): number {
  return Math.min(2 ** (failures + 1), longestSeconds) * 1000
}
