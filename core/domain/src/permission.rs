//! Who may do what. A command's permission is checked in `submit`, a read's in one extractor, both by these names.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($name:ident = $text:literal),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission { $($name),+ }

        impl Permission {
            pub const ALL: &'static [Permission] = &[$(Permission::$name),+];

            pub fn name(self) -> &'static str {
                match self { $(Permission::$name => $text),+ }
            }
        }
    };
}

permissions! {
    SettingsRead = "settings.read",
    SettingsWrite = "settings.write",
    PeopleWrite = "people.write",
    MenuRead = "menu.read",
    MenuWrite = "menu.write",
    OrdersRead = "orders.read",
    OrdersCreate = "orders.create",
    OrdersUpdate = "orders.update",
    KitchenRead = "kitchen.read",
    KitchenUpdateStatus = "kitchen.update_status",
    PrintingManage = "printing.manage",
    PrintingReprint = "printing.reprint",
    DrawerOpen = "drawer.open",
    HaccpRead = "haccp.read",
    HaccpRecord = "haccp.record",
    HaccpConfigure = "haccp.configure",
    BoxRead = "box.read",
    ReplicasEnrol = "replicas.enrol",
}

/// The built-in roles. What a person may do is their role's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[n(0)]
    Owner,
    #[n(1)]
    Manager,
    #[n(2)]
    Waiter,
    #[n(3)]
    Cook,
    /// Sees everything, changes nothing.
    #[n(4)]
    Auditor,
}

impl Role {
    pub const ALL: [Role; 5] = [Role::Owner, Role::Manager, Role::Waiter, Role::Cook, Role::Auditor];

    pub fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Manager => "manager",
            Role::Waiter => "waiter",
            Role::Cook => "cook",
            Role::Auditor => "auditor",
        }
    }

    pub fn may(self, permission: Permission) -> bool {
        use Permission::*;
        match self {
            Role::Owner => true,
            Role::Manager => permission != ReplicasEnrol,
            Role::Waiter => matches!(
                permission,
                SettingsRead
                    | MenuRead
                    | OrdersRead
                    | OrdersCreate
                    | OrdersUpdate
                    | KitchenRead
                    | PrintingReprint
                    | DrawerOpen
                    | HaccpRead
                    | HaccpRecord
            ),
            Role::Cook => matches!(
                permission,
                SettingsRead
                    | MenuRead
                    | OrdersRead
                    | KitchenRead
                    | KitchenUpdateStatus
                    | PrintingReprint
                    | HaccpRead
                    | HaccpRecord
            ),
            Role::Auditor => {
                matches!(permission, SettingsRead | MenuRead | OrdersRead | KitchenRead | HaccpRead | BoxRead)
            }
        }
    }

    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.may(*permission))
    }
}
