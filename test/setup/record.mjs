/** Loaded first in each process of tests: records the processor time of the process and of its children in `ACRUX_TEST_PROCESSOR_TIMES`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { processorSeconds } from './processor-seconds.mjs'

const folder = process.env.ACRUX_TEST_PROCESSOR_TIMES
if (isMainThread && folder !== undefined && process.env.NODE_TEST_CONTEXT !== undefined) {
  process.on('exit', () => {
    const record = { path: process.argv[1], processor: processorSeconds() }
    writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(record))
  })
}
