import { after, before } from 'node:test'
import { clientHome, findProgram } from '../harness/clients.ts'
import { build } from './build.ts'
import { testDebianPackage } from './debian-package.ts'
import { testExecutable } from './executable.ts'
import { testFirstPush } from './first-push.ts'
import { testImage } from './image.ts'
import { type Scene, buildTools } from './scene.ts'

const scene: Scene = { built: undefined, home: clientHome() }

before(async () => {
  if (buildTools.some((name) => findProgram(name) === undefined)) return
  scene.built = await build('sea', 'deb', 'image')
})

after(() => {
  scene.built?.[Symbol.dispose]()
  scene.home[Symbol.dispose]()
})

testExecutable(scene)
testFirstPush(scene)
testDebianPackage(scene)
testImage(scene)
