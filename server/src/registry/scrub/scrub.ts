import { setImmediate as nextTurn } from 'node:timers/promises'
import { addFinding, advance, type ScrubRun, type ScrubStep, scrubSteps, type VerifyAudit } from './scrub-run.ts'
import { scrubBlobs, scrubFiles, scrubLinks, scrubManifests } from './scrub-steps.ts'

/**
 * Checks that every row has its file and every file its row, that all digests match, that the references of manifests
 * exist, and the chain of the audit log.
 *
 * @throws the reason of the signal when it is aborted
 */
export async function scrub(
  run: ScrubRun,
  from: { readonly step: ScrubStep; readonly place: string },
  verifyAudit: VerifyAudit | undefined,
): Promise<void> {
  for (const step of scrubSteps.slice(scrubSteps.indexOf(from.step))) {
    const place = step === from.step ? from.place : ''
    run.signal.throwIfAborted()
    advance(run, step, 0)
    await run.reached(step, place)
    if (step === 'blobs') await scrubBlobs(run, place)
    else if (step === 'manifests') await scrubManifests(run, place)
    else if (step === 'links') await scrubLinks(run, place)
    else if (step === 'files') await scrubFiles(run)
    else await scrubAudit(run, verifyAudit)
    await nextTurn()
  }
  run.progress.progress = 1
}

async function scrubAudit(run: ScrubRun, verifyAudit: VerifyAudit | undefined): Promise<void> {
  if (verifyAudit === undefined) return
  const { events, faults } = await verifyAudit()
  run.progress.counts.auditEvents += events
  for (const { kind, number } of faults) {
    addFinding(run, { kind: 'audit-log', subject: String(number), place: kind, repaired: false })
  }
}
