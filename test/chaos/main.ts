/** `npm run chaos`: breaks random parts at random moments while clients work, and verifies what was acknowledged. */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { postgresBin } from '../setup/clients.mjs'
import { type Plan, playRounds, type Seen } from './chaos.ts'
import { startCluster } from './cluster-parts.ts'
import { startNode } from './node-parts.ts'
import { clusterParts, type Installation, nodeParts, type PartName } from './part.ts'
import { table, violationsOf } from './report.ts'

const all: readonly PartName[] = [...nodeParts, ...clusterParts]

const usage = `npm run chaos -- [--rounds N] [--seed N] [--parts PART,…]

Parts: ${all.join(', ')}; all of them unless some are named.
One node with SQLite and files: ${nodeParts.join(', ')}.
Three servers on PostgreSQL and Azurite: ${clusterParts.join(', ')}.
--rounds is the number of faults, 20 by default.
The exit code is 1 if something that was acknowledged is lost, something that was revoked is allowed, or something does not recover.
`

function isPart(name: string): name is PartName {
  return (all as readonly string[]).includes(name)
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '20' },
      seed: { type: 'string' },
      parts: { type: 'string' },
    },
  })
  const names = values.parts?.split(',') ?? all
  const unknown = names.filter((name) => !isPart(name))
  const rounds = Number(values.rounds)
  const seed = Number(values.seed ?? randomInt(2 ** 32))
  if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')}\n${usage}`)
  if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) throw new Error(usage)
  return { help: values.help, rounds, seed, parts: names.filter(isPart) }
}

async function play(start: () => Promise<Installation>, plan: Plan): Promise<Seen | undefined> {
  if (plan.parts.length === 0 || plan.rounds === 0) return undefined
  await using installation = await start()
  return await playRounds(installation, plan)
}

async function main(): Promise<void> {
  const { help, rounds, seed, parts } = readArguments()
  if (help) {
    process.stdout.write(usage)
    return
  }
  const say = (text: string): void => void process.stderr.write(`chaos: ${text}\n`)
  say(`--seed ${seed}`)
  const ofNode = nodeParts.filter((part) => parts.includes(part))
  const ofCluster = clusterParts.filter((part) => parts.includes(part) && postgresBin() !== undefined)
  const share = Math.round((rounds * ofNode.length) / (ofNode.length + ofCluster.length || 1))
  const seen = [
    await play(startNode, { rounds: share, seed, parts: ofNode, say }),
    await play(startCluster, { rounds: rounds - share, seed, parts: ofCluster, say }),
  ].filter((each) => each !== undefined)
  process.stdout.write(`${table(seen)}\n`)
  const missing = parts.filter((part) => !seen.some(({ byPart }) => byPart.has(part)))
  if (missing.length > 0) say(`left out, because something is not installed: ${missing.join(', ')}`)
  if (violationsOf(seen).length > 0) process.exitCode = 1
}

await main().catch((error: unknown) => {
  process.stderr.write(`chaos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
})
