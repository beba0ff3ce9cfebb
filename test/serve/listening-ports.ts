import { readdir, readFile, readlink } from 'node:fs/promises'

/** The TCP ports that a process listens on, in ascending order. [proc(5), /proc/pid/net/tcp] */
export async function listeningPorts(pid: number): Promise<number[]> {
  const links = (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))
  const inodes = new Set((await Promise.all(links)).map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]))
  const ports = new Set<number>()
  for (const table of ['tcp', 'tcp6']) {
    for (const line of (await readFile(`/proc/${pid}/net/${table}`, 'utf8')).split('\n')) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
      const isListening = state === '0A'
      if (isListening && inodes.has(inode)) ports.add(Number.parseInt(local.split(':')[1] ?? '', 16))
    }
  }
  return [...ports].sort((a, b) => a - b)
}
