import { setTimeout as sleep } from 'node:timers/promises'
import type { ScrubProgress, ScrubReport } from '@acrux/server'
import { getFromArm, notFoundOnServer, postToArm, subscriptionPath } from '../../clients/arm/az.ts'
import type { CommandContext } from '../../framework/command/context.ts'

const apiVersion = '2024-11-01'

const pollIntervalMs = 1000

type Answer = { readonly requested: ScrubReport | null }

/** Scrubs the running server of the account. @throws CommandFailure with exit code 3 if the server cannot complete the scrub */
export async function scrubServer(
  context: CommandContext,
  repair: boolean,
  onProgress: (progress: ScrubProgress) => void,
): Promise<ScrubReport> {
  const url = `${await subscriptionPath(context)}/providers/Acrux.Server/scrub?api-version=${apiVersion}`
  let report = ((await postToArm(context, url, { repair })) as Answer).requested
  if (report === null) return notFoundOnServer('the server did not start the scrub')
  if (report.repair !== repair)
    notFoundOnServer('another scrub is running', 'try again when the running scrub has ended')
  while (report.state === 'running') {
    onProgress(report)
    await sleep(pollIntervalMs)
    report =
      ((await getFromArm(context, url)) as Answer | undefined)?.requested ??
      notFoundOnServer('the scrub was stopped because the server restarted', 'start the scrub again')
  }
  onProgress(report)
  if (report.state !== 'completed')
    notFoundOnServer(
      `the scrub ${report.state === 'stopped' ? 'was stopped' : 'failed'}`,
      'find the reason in the log of the server, then start the scrub again',
    )
  return report
}
