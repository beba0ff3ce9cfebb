import { readFileSync, readdirSync } from 'node:fs'
import { startAcrux } from 'acrux/testing'

// The machine may be busy.
const startTimeoutMs = 600_000

await startAcrux({ startTimeoutMs })
// The only child of this process is the emulator.
const children = readdirSync('/proc').filter((pid) => {
  if (!/^\d+$/.test(pid)) return false
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(process.pid)
  } catch {
    return false
  }
})
process.stdout.write(children.join(' '), () => process.kill(process.pid, 'SIGKILL'))
