import { spawn } from 'node:child_process'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { failure } from '../../framework/command/failure.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Whether this machine can open a browser: on Linux, if there is a desktop, or `BROWSER` names a program. */
export function canOpenBrowser(env: Environment): boolean {
  if (isSet(env['BROWSER'])) return true
  if (process.platform !== 'linux') return true
  return isSet(env['DISPLAY']) || isSet(env['WAYLAND_DISPLAY'])
}

/**
 * Opens a page in the user's browser. The variable `BROWSER` selects the program. @throws CommandFailure if the program
 * cannot be started
 */
export async function openBrowser(url: string, env: Environment): Promise<void> {
  const [program, args] = programFor(url, env)
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) =>
      reject(failure(`no browser can be opened: ${plainReason(error)}`, 'run acrux login --use-device-code', error)),
    )
  })
  child.unref()
}

function programFor(url: string, env: Environment): readonly [program: string, args: readonly string[]] {
  const own = env['BROWSER']
  if (own !== undefined && isSet(own)) return [own, [url]]
  switch (process.platform) {
    case 'darwin':
      return ['open', [url]]
    case 'win32':
      return ['rundll32', ['url.dll,FileProtocolHandler', url]]
    default:
      return ['xdg-open', [url]]
  }
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== ''
}
