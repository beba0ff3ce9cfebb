import { relative } from 'node:path'
import { spec as Spec } from 'node:test/reporters'

const notRun = /^not run\b[^:]*: ?(.*)$/s

function isSummaryLine(event) {
  return event.type === 'test:diagnostic' && event.data.nesting === 0 && /^tests \d+$/.test(event.data.message)
}

/** The tests that were not run, each under what it is that is missing. */
function lines(missing) {
  if (missing.size === 0) return ''
  const parts = ['\nNot run:\n']
  for (const [what, tests] of [...missing].sort(([a], [b]) => a.localeCompare(b))) {
    parts.push(`  for want of ${what}:\n`, ...tests.map((test) => `    ${test}\n`))
  }
  return `${parts.join('')}\n`
}

/**
 * The test runner's own `spec` report, with the names of the tests that were not run put just before its summary, so that
 * nobody takes them for passed.
 */
export default async function* report(source) {
  const missing = new Map()
  const spec = new Spec()
  const written = []
  spec.on('data', (chunk) => written.push(chunk.toString()))
  for await (const event of source) {
    const reason = event.type === 'test:pass' || event.type === 'test:fail' ? event.data.skip : undefined
    const found = typeof reason === 'string' ? notRun.exec(reason) : null
    if (found !== null) {
      const file = event.data.file === undefined ? '' : `${relative(process.cwd(), event.data.file)}: `
      const tests = missing.get(found[1]) ?? []
      missing.set(found[1], [...tests, `${file}${event.data.name}`])
    }
    if (isSummaryLine(event)) yield written.splice(0).join('') + lines(missing)
    spec.write(event)
    yield written.splice(0).join('')
  }
  const ended = new Promise((resolve) => spec.once('end', resolve))
  spec.end()
  await ended
  yield written.splice(0).join('')
}
