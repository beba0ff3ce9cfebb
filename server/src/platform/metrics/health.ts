import type { Clock } from '../process/clock.ts'
import type { Log } from '../log/log.ts'

export type HealthState = 'ok' | 'degraded' | 'unavailable'

/** The state of one part of the server. The message is one plain sentence without confidential details. */
export type HealthReading = { readonly state: HealthState; readonly message: string }

/**
 * One part of the server with its own state. To add a component, export a getter from the module that returns a {@link
 * HealthReading}, and add a row to the table in `health-components.ts`. A check must be fast: it only reads values that
 * the module has already stored, and starts no work.
 */
export type HealthComponent = {
  /** The unique name in kebab case, such as `disk-space`. */
  readonly name: string
  /**
   * Whether the server cannot answer requests without this component. Only a required component can cause the response
   * 503 of `/readyz`.
   */
  readonly required: boolean
  readonly check: () => Promise<HealthReading>
}

/** The state of the server and of each component, in the order of the table. */
export type HealthReport = {
  readonly status: HealthState
  readonly components: readonly (HealthReading & { readonly name: string })[]
}

export type HealthOptions = {
  readonly components: readonly HealthComponent[]
  readonly clock: Clock
  readonly log: Log
}

/** How long a report is reused. The time is limited because anyone can request reports at any rate. */
const reuseMs = 1000

/** The maximum time for a check. */
const checkLimitMs = 2000

export interface Health {
  /** Returns the report. Each component is checked at most once a second, regardless of the number of requests. */
  report(): Promise<HealthReport>
  /** Makes the next report check every component again. */
  refresh(): void
}

/** Creates health reports, and logs changes of a component's state. */
export function createHealth({ components, clock, log }: HealthOptions): Health {
  const readings = components.map((component) => createReading(component, log))
  let last: { readonly atMs: number; readonly report: Promise<HealthReport> } | undefined
  const states = new Map<string, HealthState>()

  function logChange({ name, state, message }: HealthReport['components'][number]): void {
    const before = states.get(name) ?? 'ok'
    states.set(name, state)
    if (before === state) return
    if (state === 'ok') log.info({ component: name }, `${name} is ok again`)
    else log.warn({ component: name, state }, `${name} is ${state}: ${message}`)
  }

  async function makeReport(): Promise<HealthReport> {
    const found = await Promise.all(readings.map((read) => read()))
    for (const reading of found) logChange(reading)
    const isUnavailable = found.some(({ state }, index) => state === 'unavailable' && components[index]?.required)
    const isOk = found.every(({ state }) => state === 'ok')
    return { status: isUnavailable ? 'unavailable' : isOk ? 'ok' : 'degraded', components: found }
  }

  return {
    report: () => {
      const nowMs = clock.now()
      if (last === undefined || Math.abs(nowMs - last.atMs) >= reuseMs) last = { atMs: nowMs, report: makeReport() }
      return last.report
    },
    refresh: () => {
      last = undefined
    },
  }
}

/**
 * Reads the state of a component. A check that fails or times out makes the component unavailable. A check that hangs
 * is not started again until it has finished, so that only one check of a component runs at a time.
 */
function createReading({ name, check }: HealthComponent, log: Log) {
  let running: Promise<HealthReading> | undefined

  async function run(): Promise<HealthReading> {
    try {
      return await check()
    } catch (error) {
      log.debug({ err: error, component: name }, 'a health check failed')
      return { state: 'unavailable', message: 'The check failed.' }
    }
  }

  return async (): Promise<HealthReading & { readonly name: string }> => {
    const { promise: late, resolve } = Promise.withResolvers<HealthReading>()
    const message = `The check did not finish within ${checkLimitMs / 1000} seconds.`
    const timer = setTimeout(() => resolve({ state: 'unavailable', message }), checkLimitMs)
    running ??= run().finally(() => {
      running = undefined
    })
    const reading = await Promise.race([running, late])
    clearTimeout(timer)
    return { name, ...reading }
  }
}
