/** The caller of the work. Work waits behind other work of its group, and the groups of a lane take turns. */
export type Place = {
  /**
   * A `known` caller authenticated recently. An `ordinary` caller is not suspicious so far. The three lanes take turns.
   */
  readonly lane: Lane
  /** The group of callers that share a turn: a network of addresses. */
  readonly group: string
  /** A larger network. When the queue is full, work of the block with the most waiting work is rejected. */
  readonly block: string
}

/** The lanes, ordered by priority. Work of the last lane is rejected first. */
const lanes = ['known', 'ordinary', 'other'] as const
export type Lane = (typeof lanes)[number]

/** The queue is full, or the work was rejected in favour of another caller. The caller may try again later. */
export class BusyError extends Error {
  override readonly name = 'BusyError'
  readonly retryAfterSeconds: number
  constructor(retryAfterSeconds: number, options?: ErrorOptions) {
    super('too many requests of this kind at the moment', options)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export type FairQueueOptions = {
  /** The maximum concurrency. */
  readonly concurrency: number
  /** The maximum queue length. */
  readonly maxWaiting: number
  /** The `retryAfterSeconds` of {@link BusyError}. */
  readonly retryAfterSeconds: number
}

type Waiting = { readonly place: Place; readonly start: () => void; readonly giveUp: (reason: BusyError) => void }

/**
 * Runs expensive work with a fixed concurrency. Lanes take turns, and within a lane, groups take turns (round robin),
 * so that one caller's backlog delays only this caller. The backlog has a maximum length. When the backlog is full, a
 * caller with less waiting work replaces work of a lower lane, or of the block with the most waiting work.
 */
export function createFairQueue({ concurrency, maxWaiting, retryAfterSeconds }: FairQueueOptions) {
  const backlog: Record<Lane, Map<string, Waiting[]>> = { known: new Map(), ordinary: new Map(), other: new Map() }
  let running = 0
  let waiting = 0
  let rejected = 0
  let turn = 0

  async function run<Result>(place: Place, work: () => Promise<Result>): Promise<Result> {
    if (running >= concurrency) await waitForTurn(place)
    else running += 1
    try {
      return await work()
    } finally {
      const next = takeNext()
      if (next === undefined) running -= 1
      else next.start()
    }
  }

  function waitForTurn(place: Place): Promise<void> {
    if (waiting >= maxWaiting && !makeRoom(place)) {
      rejected += 1
      return Promise.reject(new BusyError(retryAfterSeconds))
    }
    return new Promise((resolve, reject) => {
      waiting += 1
      const groups = backlog[place.lane]
      const group = groups.get(place.group) ?? []
      groups.set(place.group, group)
      group.push({ place, start: resolve, giveUp: reject })
    })
  }

  function takeNext(): Waiting | undefined {
    for (let step = 0; step < lanes.length; step += 1) {
      const groups = backlog[laneAt(turn + step)]
      const [first] = groups
      if (first === undefined) continue
      turn = (turn + step + 1) % lanes.length
      const [name, group] = first
      const next = group.shift()
      groups.delete(name)
      if (group.length > 0) groups.set(name, group)
      waiting -= 1
      return next
    }
    return undefined
  }

  /**
   * Rejects the newest work of a lower lane, or of another block in the same lane that has more waiting work than the
   * block of `place`.
   */
  function makeRoom(place: Place): boolean {
    for (let at = lanes.length - 1; at >= 0; at -= 1) {
      const lane = laneAt(at)
      const sizes = new Map<string, number>()
      for (const group of backlog[lane].values()) {
        for (const one of group) sizes.set(one.place.block, (sizes.get(one.place.block) ?? 0) + 1)
      }
      const [block, size] = [...sizes].reduce((most, one) => (one[1] >= most[1] ? one : most), ['', 0])
      const isSame = lane === place.lane
      if (size > (isSame ? (sizes.get(place.block) ?? 0) + 1 : 0)) return reject(lane, block)
      if (isSame) return false
    }
    return false
  }

  function reject(lane: Lane, block: string): boolean {
    for (const [name, group] of [...backlog[lane]].toReversed()) {
      const at = group.findLastIndex(({ place }) => place.block === block)
      if (at === -1) continue
      const [last] = group.splice(at, 1)
      if (group.length === 0) backlog[lane].delete(name)
      waiting -= 1
      rejected += 1
      last?.giveUp(new BusyError(retryAfterSeconds))
      return true
    }
    return false
  }

  return {
    /**
     * Runs the work when its turn comes.
     * @throws BusyError if the work is rejected
     */
    run,
    /** The figures for metrics: running work, waiting work, and work rejected since startup. */
    figures: () => ({ running, waiting, rejected }),
  }
}

function laneAt(index: number): Lane {
  return lanes[index % lanes.length] ?? 'other'
}
