/**
 * The types of the box's API, in the shape that `npm run types` generates from the golden OpenAPI description.
 * Optional fields may be absent or null, as the generated file has them.
 */
export interface components {
  schemas: {
    Person: { id: string; name: string; role: string; permissions: string[] };
    LoginAnswer: { accessToken: string; expiresIn: number; person: components["schemas"]["Person"] };
    Station: { id: string; name: string };
    Settings: {
      locationName: string;
      organizationName: string;
      currency: string;
      currencyDigits: number;
      timeZone: string;
      language: string;
      stations: components["schemas"]["Station"][];
      kind: "box" | "dashboard";
    };
    Modifier: { id: string; name: string; price: number };
    MenuItemConflict: { field: string; values: string[] };
    MenuItem: {
      id: string;
      name: string;
      description?: string | null;
      category: string;
      price: number;
      taxClass?: string | null;
      station?: string | null;
      isAvailable: boolean;
      retired?: boolean;
      preparationTime?: number | null;
      imageUrl?: string | null;
      dietaryInfo: string[];
      recipeId?: string | null;
      modifiers: components["schemas"]["Modifier"][];
      version: number;
      conflicts: components["schemas"]["MenuItemConflict"][];
    };
    OrderModification: { id: string; name: string; price: number };
    OrderLine: {
      id: string;
      menuItemId: string;
      recipeId?: string | null;
      itemName: string;
      quantity: number;
      unitPrice: number;
      totalPrice: number;
      modifications: components["schemas"]["OrderModification"][];
      specialInstructions?: string | null;
      station?: string | null;
    };
    Order: {
      id: string;
      organizationId?: string | null;
      checkId: string;
      orderNumber: string;
      orderType: "dine_in" | "takeout" | "delivery";
      status: "new" | "pending" | "confirmed" | "preparing" | "ready" | "completed" | "cancelled";
      tableNumber?: string | null;
      customerId?: string | null;
      subtotal: number;
      taxAmount: number;
      discountAmount: number;
      totalAmount: number;
      paymentStatus: string;
      specialInstructions?: string | null;
      estimatedReadyTime?: string | null;
      actualReadyTime?: string | null;
      servedBy?: string | null;
      servedByName?: string | null;
      createdAt: string;
      updatedAt: string;
      version: number;
      recalled: boolean;
      items: components["schemas"]["OrderLine"][];
      contradictions: string[];
    };
    OrderList: { orders: components["schemas"]["Order"][]; next?: string | null };
    TicketItem: {
      id: string;
      itemName: string;
      quantity: number;
      modifications: string[];
      specialInstructions?: string | null;
      status: string;
    };
    Ticket: {
      id: string;
      customerServiceOrderId: string;
      checkId: string;
      orderNumber: string;
      orderType: "dine_in" | "takeout" | "delivery";
      tableNumber?: string | null;
      assignedStation: string;
      status: "received" | "preparing" | "ready" | "served" | "cancelled";
      priority: number;
      recalled: boolean;
      specialInstructions?: string | null;
      assignedChef?: string | null;
      receivedAt: string;
      startedAt?: string | null;
      completedAt?: string | null;
      estimatedPrepTime?: number | null;
      actualPrepTime?: number | null;
      servedByName?: string | null;
      paper?: "queued" | "sending" | "sent" | "printed" | "in_doubt" | "held" | null;
      items: components["schemas"]["TicketItem"][];
    };
    TicketList: { orders: components["schemas"]["Ticket"][] };
    SentToKitchen: { order: components["schemas"]["Order"]; tickets: components["schemas"]["Ticket"][] };
    ProbeCurrent: {
      milliC?: number | null;
      quality: "good" | "uncertain" | "no_data";
      reason?: string | null;
      at?: string | null;
      ageSeconds?: number | null;
    };
    ProbeBreach: { id: string; openedAt: string; kind: "high" | "low"; peakMilliC: number; limitMilliC: number };
    Probe: {
      id: string;
      name: string;
      unitKind: "fridge" | "freezer" | "hot_hold" | "ambient";
      minMilliC?: number | null;
      maxMilliC?: number | null;
      current: components["schemas"]["ProbeCurrent"];
      state: "ok" | "breach" | "no_data";
      breach?: components["schemas"]["ProbeBreach"] | null;
      conflicts: components["schemas"]["MenuItemConflict"][];
      version: number;
    };
    HistoryPoint: {
      at: string;
      last?: number | null;
      min?: number | null;
      max?: number | null;
      n: number;
      quality: string;
      reason?: string | null;
    };
    History: { probeId: string; from: string; to: string; points: components["schemas"]["HistoryPoint"][] };
    Breach: {
      id: string;
      probeId: string;
      probeName: string;
      kind: "high" | "low";
      openedAt: string;
      closedAt?: string | null;
      peakMilliC: number;
      limitMilliC: number;
    };
    BreachList: { breaches: components["schemas"]["Breach"][] };
    BoxStatus: {
      name: string;
      letter: string;
      version: string;
      startedAt: string;
      timeQuality: "unset" | "rtc" | "ntp" | "relay";
      now: string;
      epoch: string;
      arrival: number;
      storage: {
        databaseBytes: number;
        walBytes: number;
        diskFreeBytes: number;
        diskTotalBytes: number;
        flushes: number;
        commits: number;
      };
      devices: {
        name: string;
        kind: "printer" | "probe_bus" | "mqtt";
        address: string;
        state: "up" | "down" | "busy" | "unknown";
        detail?: string | null;
        lastHeard?: string | null;
      }[];
      queues: { name: string; length: number; oldestAt?: string | null; limit: number }[];
      sync: {
        enrolled: boolean;
        relayUrl?: string | null;
        connected: boolean;
        lastContact?: string | null;
        unsent: number;
        error?: string | null;
      };
      replicas: { name: string; kind: string; letter: string; lastHeard?: string | null }[];
    };
    Problem: {
      type?: string;
      title: string;
      status: number;
      detail?: string | null;
      errors?: { field: string; message: string }[] | null;
    };
  };
}
