import { startAcrux } from 'acrux/testing'

// The machine may be busy.
const startTimeoutMs = 600_000

await startAcrux({ startTimeoutMs })
