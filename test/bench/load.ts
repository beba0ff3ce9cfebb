/** The process that generates the load: takes jobs by message, one at a time, and answers each with its outcome. */
import { download, upload } from './bodies.ts'
import type { Job, Outcome, Reply } from './jobs.ts'
import { sendOnce, sendRequests } from './requests.ts'

function work(job: Job): Promise<Outcome> {
  switch (job.kind) {
    case 'requests':
      return sendRequests(job)
    case 'once':
      return sendOnce(job)
    case 'download':
      return download(job)
    case 'upload':
      return upload(job)
  }
}

function reply(message: Reply): void {
  process.send?.(message)
}

process.on('message', (job: Job) => {
  work(job).then(
    (outcome) => reply({ outcome }),
    (error: unknown) => reply({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
