import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { incomplete } from './failure.ts'
import {
  type FileState,
  type OwnFile,
  ownContent,
  ownershipOf,
  removeOwnFile,
  stateOf,
  writeOwnFile,
} from './own-file.ts'
import { type Place, type Subject, findProgram } from './place.ts'

const run = promisify(execFile)

/** The file of a place, and a function that returns its text for the PEM of an authority. */
type TextFile = { readonly path: string; readonly text: (pem: string) => string }

type RefreshCommand = readonly [program: string, ...args: string[]]

type FilePlace = Pick<Place, 'name' | 'description' | 'isPerServer' | 'isInstalled'> & {
  readonly files: (subject: Subject) => readonly TextFile[]
  /** The command that makes an addition or a removal take effect. */
  readonly refresh?: (change: 'trust' | 'undo') => RefreshCommand
  /** Information for the user after a change; undefined without information. */
  readonly note?: () => Promise<string | undefined>
}

/** Creates a place whose programs read files. */
export function filePlace({ files, refresh, note, ...place }: FilePlace): Place {
  const finish = async (done: 'trust' | 'undo', isDryRun: boolean): Promise<readonly string[]> =>
    refresh === undefined ? [] : [await runRefresh(refresh(done), isDryRun)]
  return {
    ...place,
    trust: async (subject, { pem }, isDryRun) => {
      const found: { file: OwnFile; state: FileState }[] = []
      for (const { path, text } of files(subject)) {
        const file = { path, content: ownContent(text(pem)) }
        found.push({ file, state: await stateOf(file) })
      }
      const foreign = found.find(({ state }) => state === 'foreign')
      if (foreign !== undefined) {
        const { path } = foreign.file
        throw incomplete(
          `${path} exists, but acrux trust did not write this file`,
          'add the certificate authority to this file, or move the file',
        )
      }
      const lines: string[] = []
      for (const { file, state } of found) lines.push(await write(file, state, isDryRun))
      if (found.every(({ state }) => !isToWrite(state))) return lines
      const noted = await note?.()
      return [...lines, ...(await finish('trust', isDryRun)), ...(noted === undefined ? [] : [noted])]
    },
    undo: async (subject, isDryRun) => {
      const lines: string[] = []
      let hasChanged = false
      for (const { path } of files(subject)) {
        const ownership = await ownershipOf(path)
        lines.push(`${path}: ${undoTexts[ownership][isDryRun ? 1 : 0]}`)
        if (ownership !== 'own') continue
        hasChanged = true
        if (!isDryRun) await removeOwnFile(path, place.isPerServer)
      }
      return hasChanged ? [...lines, ...(await finish('undo', isDryRun))] : lines
    },
  }
}

const undoTexts = {
  own: ['removed', 'would be removed'],
  absent: ['nothing to remove', 'nothing to remove'],
  foreign: [
    'acrux trust did not remove the file, because acrux trust did not write the file',
    'acrux trust did not remove the file, because acrux trust did not write the file',
  ],
} as const

function isToWrite(state: FileState): boolean {
  return state === 'absent' || state === 'outdated'
}

async function write(file: OwnFile, state: FileState, isDryRun: boolean): Promise<string> {
  if (state === 'current') return `${file.path}: already written`
  if (state === 'equivalent') return `${file.path}: already has this authority; acrux trust did not write the file`
  const verb = state === 'outdated' ? 'replaced' : 'written'
  if (isDryRun) return `${file.path}: would be ${verb}`
  await writeOwnFile(file)
  return `${file.path}: ${verb}`
}

async function runRefresh([name, ...args]: RefreshCommand, isDryRun: boolean): Promise<string> {
  const command = [name, ...args].join(' ')
  if (isDryRun) return `${command}: would run`
  try {
    await run(findProgram(name) ?? name, args)
  } catch (error) {
    throw incomplete(`${command} failed: ${plainReason(error)}`, `run the command again: sudo ${command}`, error)
  }
  return `${command}: ran`
}
