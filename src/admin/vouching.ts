// Why nobody is removed because it is silent, in the words of both ends of the admin socket.

export const vouchingNeeded =
  'say who vouches that the machine is off (--vouched-by NAME): its addresses are given to other pods, and a pod that ' +
  'still runs there would share its address with one of them; a machine that is only silent may still run pods'
