// Which permission shows what of printing. This only hides what the server would refuse; the server decides.

export const MAY_SEE_PRINTERS = ["box.read", "kitchen.update_status"];
export const MAY_WORK_QUEUES = ["kitchen.update_status"];
export const MAY_REPRINT = ["printing.reprint"];
export const MAY_SET_UP = ["printing.manage", "box.read"];
export const MAY_TEST = ["printing.manage", "kitchen.update_status"];
export const MAY_EDIT_LAYOUTS = ["printing.manage"];
export const MAY_OPEN_DRAWERS = ["drawer.open"];
