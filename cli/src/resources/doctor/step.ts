import type { HttpClient } from '../../clients/http/http.ts'
import type { Account } from '../../clients/session/account.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { terminalLine } from '../../framework/terminal/terminal-text.ts'
import type { Image } from './image.ts'
import type { Probe } from './probe.ts'

/** The result of a check. A warning does not change the exit code. */
export type Outcome = {
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly detail: string
  readonly nextStep?: string | undefined
}

/** The outcome of a check, as the command prints it. */
export type Finding = { readonly check: string } & Outcome

/** The data that the checks share. A check stores data for later checks. */
export type Scene = {
  readonly context: CommandContext
  /** The login server: a host, and its port unless it is 443. */
  readonly host: string
  /** The only authority to trust, as PEM. Without it, those of the system are trusted. */
  readonly ca: string | undefined
  readonly http: HttpClient
  /** The account that is signed in to the server. */
  readonly account: Account | undefined
  /** The repository to which the checks push an image, and whether the checks create and delete the repository. */
  readonly repository: { readonly name: string; readonly isTemporary: boolean }
  readonly isPushWanted: boolean
  probe?: Probe
  refreshToken?: string
  access?: { readonly token: string; readonly actions: readonly string[] }
  pushed?: Image
}

/** A check. The check is skipped if one of the required checks has not succeeded. */
export type Step = {
  readonly check: string
  readonly needs: readonly string[]
  /** @throws CommandFailure for a check that failed */
  readonly run: (scene: Scene) => Promise<Outcome>
}

/** Runs the checks in their order. */
export async function runSteps(steps: readonly Step[], scene: Scene): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const hasPassed = (check: string) =>
    findings.some((each) => each.check === check && (each.status === 'ok' || each.status === 'warning'))
  for (const { check, needs, run } of steps) {
    scene.context.log.info(`checking ${check}`)
    const missing = needs.find((each) => !hasPassed(each))
    const outcome =
      missing === undefined ? await outcomeOf(run, scene) : skipped(`this check depends on the check ${missing}`)
    findings.push({ check, ...outcome, detail: oneLine(outcome.detail) })
  }
  return findings
}

async function outcomeOf(run: Step['run'], scene: Scene): Promise<Outcome> {
  try {
    return await run(scene)
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    return failed(error.message, error.nextStep)
  }
}

function oneLine(text: string): string {
  return terminalLine(text.replaceAll(/\s*\n\s*/g, ' '))
}

/** A check that succeeded. */
export function ok(detail: string): Outcome {
  return { status: 'ok', detail }
}

/** A check found a possible problem, or a problem for some clients only. */
export function warning(detail: string, nextStep?: string): Outcome {
  return { status: 'warning', detail, nextStep }
}

/** A check that failed. */
export function failed(detail: string, nextStep?: string): Outcome {
  return { status: 'failed', detail, nextStep }
}

/** A check that was not made. */
export function skipped(detail: string): Outcome {
  return { status: 'skipped', detail }
}
