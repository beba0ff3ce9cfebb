import { CommandFailure } from '../../framework/command/failure.ts'
import { type RepositoryAccess, deleteImage, pullImage, pushImage, tinyImage } from './image.ts'
import { type Outcome, type Scene, type Step, failed, ok, skipped } from './step.ts'

/** The checks that push an image, pull it and delete it again. */
export const transferSteps: readonly Step[] = [
  { check: 'push', needs: ['token'], run: checkPush },
  { check: 'pull', needs: ['push'], run: checkPull },
  { check: 'delete', needs: [], run: checkDelete },
]

async function checkPush(scene: Scene): Promise<Outcome> {
  const { repository, access } = scene
  if (!scene.isPushWanted) return skipped('--no-push was given')
  const missing = ['pull', 'push'].filter((action) => access?.actions.includes(action) !== true)
  if (missing.length > 0) {
    return failed(
      `the permission to ${missing.join(' and ')} is missing on ${repository.name}`,
      'ask an owner for a role such as AcrPush, name a repository that you can push to with --repository, or add --no-push',
    )
  }
  if (access?.actions.includes('delete') !== true) {
    return skipped('the permission to push exists; without the permission to delete, an image would remain')
  }
  const image = tinyImage()
  // The value is set before the push, so that a partly pushed image is also deleted.
  scene.pushed = image
  await pushImage(accessOf(scene), image)
  return ok(`an image of ${sizeOf(image.blobs)} bytes was pushed to ${repository.name}`)
}

function sizeOf(blobs: readonly { readonly bytes: Buffer }[]): number {
  return blobs.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

async function checkPull(scene: Scene): Promise<Outcome> {
  if (scene.pushed === undefined) return skipped('no image was pushed')
  await pullImage(accessOf(scene), scene.pushed)
  return ok('the registry returned the bytes that were pushed')
}

async function checkDelete(scene: Scene): Promise<Outcome> {
  const { pushed, repository } = scene
  if (pushed === undefined) return skipped('no image was pushed, so the check deletes no image')
  try {
    await deleteImage(accessOf(scene), pushed, repository.isTemporary)
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    const what = repository.isTemporary ? repository.name : `${repository.name}@${pushed.manifest.digest}`
    return failed(`${what} remains: ${error.message}`, error.nextStep)
  }
  return ok(repository.isTemporary ? `the repository ${repository.name} is deleted` : 'the image is deleted')
}

function accessOf({ http, host, repository, access }: Scene): RepositoryAccess {
  return { http, host, repository: repository.name, token: access?.token ?? '' }
}
