/**
 * File systems of Linux that another machine, or the host of this one, may have mounted too.
 *
 * The keys are statfs(2)'s numbers.
 */
const names: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x01021997, "9p"],
  [0x65735546, "FUSE"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x5346414f, "AFS"]
])

/** The name of a network file system; undefined for a local one, or where it cannot be known. */
export const networkFileSystem = (type: number, platform: string = process.platform): string | undefined =>
  // Some numbers come signed.
  platform === "linux" ? names.get(type >>> 0) : undefined
