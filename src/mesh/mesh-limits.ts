// How much of everything the mesh takes. Many nodes may come from one address (a lab, a machine of virtual
// machines), and all of them at once after a power cut, so the limits of libp2p for strangers are too low here.

/** Members that one node can be connected to at a time; libp2p closes some beyond that. Its default is 300. */
export const connectionsMax = 1024

/** New connections a second from one host; libp2p's 5 would turn a cold start behind one address away. */
export const connectionsPerHostPerSecond = 256

/** Connections that have not proved yet who they are; 10 by default, too few when everybody starts at once. */
export const pendingConnectionsMax = 128

/** Both sides may dial at once, and a stale connection may be about to go; more is a mistake of the peer. */
export const connectionsPerPeerMax = 4

/** Dials at a time, and those that wait for their turn. */
export const dialsMax = 32
export const dialsWaitingMax = 1024

/** Dials at a time to peers that nobody waits for: those that are begun together share the time they have. */
export const backgroundDialsMax = 16

/** From the first packet to a connection that is proved; then the next address, then the next peer has its turn. */
export const dialMs = 5000
export const addressDialMs = 3000

/** Connections kept open to everybody, up to this many learned peers... */
export const fullMeshMax = 100
/** ...and beyond that only to this many, chosen by chance; others are dialled when there is something to say. */
export const keptPeersMax = 50

/** Peers whose addresses are remembered. */
export const learnedPeersMax = 5000

/** A peer that was only found on the link is forgotten after so many dials in vain; it will be found again. */
export const discoveredFailuresMax = 10

/** Addresses of one peer that are tried in one dial. */
export const dialAddressesMax = 8

/** The pause after a dial that failed doubles from the first to the second, times 0.5 to 1.5 by chance. */
export const redialFirstMs = 1000
export const redialMaxMs = 30_000

/** Who has the greater peer id waits for the other one, lest both dial and two connections stand. */
export const courtesyMs = 1000

/** How often names among the configured addresses are looked up while all is well. */
export const seedCheckMs = 15_000

/** Addresses behind one name. */
export const seedAddressesMax = 64

/**
 * How often each side of a connection gives a sign of life, and how long silence is taken for a pause. A sign says
 * when the next one comes: with packets and acknowledgements it costs 270 bytes on both sides, so who has many
 * connections gives fewer: 750 bytes a second of a node, however large the cluster is.
 */
export const heartbeatMs = 2000
export const heartbeatMsPerConnection = 360
export const heartbeatMsMax = 36_000
export const silentBeats = 3
export const silenceMs = silentBeats * heartbeatMs

/** How long a new connection may be silent: its other side may be starting. */
export const firstBeatMs = 8000

/** What waits for one peer on one channel. The oldest goes: whoever needs an answer asks again. */
export const outboxFramesMax = 256
export const outboxBytesMax = 4 * 1024 * 1024

/** A message is not worth more waiting than that. */
export const outboxWaitMs = 5000

/** Small messages that wait together leave together, up to this many bytes. */
export const batchBytesMax = 64 * 1024

/** Streams of one channel that a peer may have open on one connection: one, and those it has given up. */
export const inboundStreamsMax = 8

/** Streams of signs of life on one connection: one, and one that was given up. */
export const beatStreamsMax = 2

/** Questions of one peer at a time. */
export const questionsMax = 16

/** A question and its answer in all. */
export const questionMs = 5000

/** A new stream, and the pause after one that failed. */
export const streamMs = 5000
export const reopenMs = 250

/** How long a stream that a newer one replaces may take to bring what is on its way. */
export const lastWordsMs = 2000

/** What one peer may say: frames and bytes a second, with twice as much at once. Reading pauses beyond that. */
export const inboundFramesPerSecond = 2000
export const inboundBytesPerSecond = 8 * 1024 * 1024
export const inboundBurstSeconds = 2

/** Something is wrong with a peer: one line of log in this time. */
export const complaintMs = 60_000

/** Receive window of a stream, in bytes: one frame of the largest size and the next. */
export const streamWindowBytes = 2 * 1024 * 1024
