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
    AlertsRead = "alerts.read",
    AlertsAcknowledge = "alerts.acknowledge",
    AlertsManage = "alerts.manage",
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
                    | AlertsRead
                    | AlertsAcknowledge
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
                    | AlertsRead
                    | AlertsAcknowledge
            ),
            Role::Auditor => {
                matches!(
                    permission,
                    SettingsRead | MenuRead | OrdersRead | KitchenRead | HaccpRead | AlertsRead | BoxRead
                )
            }
        }
    }
}

/// How somebody showed who they are; the names are those of RFC 8176.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Proof {
    #[serde(rename = "pwd")]
    Password,
    /// A few digits, at a screen that somebody had opened with a password.
    #[serde(rename = "pin")]
    Pin,
}

/// What somebody may do just now: their role's list, less what takes a password where they gave a PIN. Every question
/// of "may they?" ends here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rights {
    pub role: Role,
    pub proof: Proof,
}

impl Rights {
    pub fn may(self, permission: Permission) -> bool {
        self.role.may(permission) && (self.proof == Proof::Password || !permission.takes_a_password())
    }

    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.may(*permission))
    }
}

impl Permission {
    /// What changes who may do what, or what the house is: digits that a guest can read off a thumb are not enough.
    fn takes_a_password(self) -> bool {
        matches!(self, Permission::SettingsWrite | Permission::PeopleWrite | Permission::ReplicasEnrol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_may_what_the_role_may_less_what_takes_a_password() {
        for role in Role::ALL {
            let lacks = |permission: &Permission| {
                let by = |proof| Rights { role, proof }.may(*permission);
                assert_eq!(by(Proof::Password), role.may(*permission), "{role:?} {permission:?}");
                by(Proof::Password) && !by(Proof::Pin)
            };
            let lacking: Vec<&str> = Permission::ALL.iter().filter(|p| lacks(p)).map(|p| p.name()).collect();
            let expected: &[&str] = match role {
                Role::Owner => &["settings.write", "people.write", "replicas.enrol"],
                Role::Manager => &["settings.write", "people.write"],
                _ => &[],
            };
            assert_eq!(lacking, expected, "{role:?}");
        }
    }
}
