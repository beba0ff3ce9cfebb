import { setTimeout as sleep } from 'node:timers/promises'
import type { ScrubProgress, ScrubReport } from '@acrux/server'
import { fail, getFromArm, postToArm, subscriptionPath } from '../az.ts'

const apiVersion = '2024-11-01'

/** One call of az takes about as long. */
const pollIntervalMs = 1000

type Answer = { readonly requested: ScrubReport | null }

/** Scrubs the running server that az is signed in to. Exits with 3 if the server cannot complete the scrub. */
export async function scrubServer(
  repair: boolean,
  onProgress: (progress: ScrubProgress) => void,
): Promise<ScrubReport> {
  const url = `${subscriptionPath()}/providers/Acrux.Server/scrub?api-version=${apiVersion}`
  let report = (postToArm(url, { repair }) as Answer).requested
  if (report === null) return fail('the server did not start the scrub')
  if (report.repair !== repair) fail('another scrub is running: try again when it has ended')
  while (report.state === 'running') {
    onProgress(report)
    await sleep(pollIntervalMs)
    report =
      (getFromArm(url) as Answer | undefined)?.requested ?? fail('the scrub was stopped because the server restarted')
  }
  onProgress(report)
  if (report.state !== 'completed') fail(`the scrub ${report.state === 'stopped' ? 'was stopped' : 'failed'}`)
  return report
}
