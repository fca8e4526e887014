// Where network namespaces are mounted, from /proc/self/mountinfo (proc(5), proc_pid_mountinfo(5)).

const spaces = /\\([0-7]{3})/g

/** The mount points of `nsfs` that are network namespaces, as paths. */
export function parseNamespaceMounts(text: string): string[] {
  return text.split('\n').flatMap(line => {
    const [, , , root = '', point = ''] = line.split(' ')
    if (!/^net:\[\d+\]$/.test(root) || !point.startsWith('/')) return []
    return [point.replace(spaces, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))]
  })
}
